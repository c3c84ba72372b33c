"""What staff has done to other people's accounts, and why: written with the deed, and never changed or deleted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.accounts import store
from domain.accounts.people import Viewer
from domain.accounts.policy import ACCOUNTS, AccountsAct
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads, Work

REASON_MIN_CHARS, REASON_MAX_CHARS = 5, 500
_LIST = "staff log"


@dataclass(frozen=True)
class StaffEntry:
    """One deed of `account_id`. `subject_id` is the account it was done to; `details` say what a sentence would."""

    number: int
    at: datetime
    account_id: UUID
    action: str
    subject_id: UUID | None
    reason: str
    details: Mapping[str, str]


async def record_deed(
    work: Work, *, viewer: Viewer, action: str, subject_id: UUID | None, reason: str = "", **details: str
) -> None:
    """Write down what the viewer does in this work; it stands or falls with it. `action` is the verb's name."""
    await store.insert_deed(
        work.connection,
        at=work.now,
        account_id=viewer.account_id,
        action=action,
        subject_id=subject_id,
        reason=reason,
        details=details,
    )


def checked_reason(reason: str) -> str:
    """Return a reason as it is kept.

    Raises:
        InvalidInput: it says nothing, or too much.
    """
    reason = reason.strip()
    if not REASON_MIN_CHARS <= len(reason) <= REASON_MAX_CHARS or "\x00" in reason:
        raise InvalidInput("reason", f"Say why, in {REASON_MIN_CHARS} to {REASON_MAX_CHARS} characters.")
    return reason


async def staff_log(reads: Reads, *, viewer: Viewer | None, page: PageRequest) -> Page[StaffEntry]:
    """Return a page of what staff has done, the newest first. Administrators only.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: a cursor of another list.
    """
    ACCOUNTS.require(viewer, AccountsAct.READ_STAFF_LOG)
    async with reads.connection() as connection:
        rows = await store.page_of_deeds(
            connection,
            below=_number(page.after),
            above=_number(page.before),
            rising=page.backwards,
            limit=page.limit + 1,
        )
    entries = [StaffEntry(**row) for row in rows]
    return page_of(entries, request=page, cursor=lambda entry: encode_cursor(_LIST, entry.number))


def _number(cursor: str | None) -> int | None:
    match None if cursor is None else decode_cursor(_LIST, cursor):
        case None:
            return None
        case [int(number)]:
            return number
    raise InvalidInput("cursor", "This cursor does not belong to this list. Start from the first page.")
