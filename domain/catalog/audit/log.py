"""Entries of the audit log: written by the database on behalf of an editor, read by editors."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog.audit import store
from domain.catalog.policy import CATALOG, CatalogAct
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads, Work

_LIST = "audit"


class Operation(StrEnum):
    """What became of the row."""

    CREATED = "CREATED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"


@dataclass(frozen=True)
class FieldChange:
    """One field of a row, before and after; values as JSON has them."""

    field: str
    before: object
    after: object


@dataclass(frozen=True)
class AuditEntry:
    """One row of the catalog that was changed. Those of one `transaction` were changed together.

    `account_id` is None for what the service did by itself, `title_id` for what belongs to no single title.
    """

    number: int
    at: datetime
    transaction: int
    account_id: UUID | None
    action: str
    subject: str
    operation: Operation
    title_id: UUID | None
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None

    @property
    def changes(self) -> list[FieldChange]:
        """The fields that differ, by name."""
        before, after = self.before or {}, self.after or {}
        return [
            FieldChange(field, before.get(field), after.get(field))
            for field in sorted({*before, *after})
            if before.get(field) != after.get(field)
        ]


async def as_editor(work: Work, *, viewer: Viewer | None, action: str) -> Viewer:
    """Return the viewer, who must be an editor, and write what follows in this work to its account in the audit log.

    `action` is the verb's name, such as `publish_title`.

    Raises:
        SignInRequired, Forbidden.
    """
    viewer = CATALOG.require(viewer, CatalogAct.EDIT)
    await acting(work, viewer=viewer, action=action)
    return viewer


async def acting(work: Work, *, viewer: Viewer, action: str) -> None:
    """Write what follows in this work to the account of a viewer who may do it, in the audit log."""
    await store.act_for(work.connection, viewer.account_id, action=action, at=work.now)


async def as_service(work: Work, *, account_id: UUID | None, action: str) -> None:
    """Write what follows in this work to the account that once asked for it, or to nobody, in the audit log."""
    await store.act_for(work.connection, account_id, action=action, at=work.now)


async def audit_log(
    reads: Reads, *, viewer: Viewer | None, page: PageRequest, title_id: UUID | None = None
) -> Page[AuditEntry]:
    """Return a page of the log, of one title or of everything, the newest first. Editors only.

    Raises:
        SignInRequired, Forbidden.
        InvalidInput: a cursor of another list.
    """
    CATALOG.require(viewer, CatalogAct.READ_LOG)
    async with reads.connection() as connection:
        rows = await store.page_of_log(
            connection,
            title_id=title_id,
            below=_number(page.after),
            above=_number(page.before),
            rising=page.backwards,
            limit=page.limit + 1,
        )
    entries = [AuditEntry(operation=Operation(row.pop("operation")), **row) for row in rows]
    return page_of(entries, request=page, cursor=lambda entry: encode_cursor(_LIST, entry.number))


def _number(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    values = decode_cursor(_LIST, cursor)
    if len(values) != 1 or not isinstance(values[0], int):
        raise InvalidInput("cursor", "This cursor does not belong to this list. Start from the first page.")
    return values[0]
