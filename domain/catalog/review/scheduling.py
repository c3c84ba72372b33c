"""What is set to happen to a title: publishing it, taking it down, publishing one of its revisions.

Each is a row with an instant. `due` lets it happen, once, in the transaction that settles the row.

    Refusal
    └── TooManyScheduled    as much is set to happen to the title as may
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NewType
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store as catalog_store
from domain.catalog.audit import as_editor
from domain.catalog.review.store import scheduled as store
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Work

ScheduledId = NewType("ScheduledId", UUID)

PENDING_MAX = 50
# Rights are signed years ahead; a date beyond this is a slip of the keyboard.
AHEAD_MAX = timedelta(days=366 * 20)


class ScheduledAction(StrEnum):
    """What is to happen."""

    PUBLISH = "PUBLISH"
    WITHDRAW = "WITHDRAW"
    PUBLISH_REVISION = "PUBLISH_REVISION"


class ScheduledState(StrEnum):
    """Whether it has happened."""

    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class ScheduledChange:
    """Something that is to happen to a title at an instant, or has. `failure` is the code of what stood against it."""

    id: ScheduledId
    title_id: UUID
    action: ScheduledAction
    revision_id: UUID | None
    at: datetime
    state: ScheduledState
    failure: str | None
    created_by: UUID
    created_at: datetime
    settled_at: datetime | None


class TooManyScheduled(Refusal):
    """As much is set to happen to the title as may."""

    def __init__(self, scheduled_max: int) -> None:
        super().__init__(f"{scheduled_max} changes of this title are scheduled. Cancel some first.")
        self.scheduled_max = scheduled_max


async def schedule_title(
    work: Work, *, viewer: Viewer | None, title_id: UUID, action: ScheduledAction, at: datetime
) -> ScheduledChange:
    """Set a time at which a title is published or withdrawn, whatever its version is then. Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound, TooManyScheduled.
        InvalidInput: a time that is past or too far, or an action that needs a revision.
    """
    viewer = await as_editor(work, viewer=viewer, action="schedule_title")
    if action is ScheduledAction.PUBLISH_REVISION:
        raise InvalidInput("action", "Publish the revision itself at a set time.")
    return await _insert(work, viewer, title_id, action, None, at)


async def cancel_scheduled_change(work: Work, *, viewer: Viewer | None, scheduled_id: UUID) -> ScheduledChange:
    """Call off what has not happened yet. Editors only.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such change is pending.
    """
    await as_editor(work, viewer=viewer, action="cancel_scheduled_change")
    row = await store.settle(work.connection, scheduled_id, state=ScheduledState.CANCELLED.value, at=work.now)
    if row is None:
        raise NotFound("scheduled change", scheduled_id)
    return scheduled_change(row)


async def schedule_revision(work: Work, *, viewer: Viewer, title_id: UUID, revision_id: UUID, at: datetime) -> None:
    """Set a time at which a revision is published; the caller holds its lock and has called off an earlier time.

    Raises:
        InvalidInput, TooManyScheduled.
    """
    await _insert(work, viewer, title_id, ScheduledAction.PUBLISH_REVISION, revision_id, at)


async def cancel_for_revision(work: Work, *, revision_id: UUID) -> None:
    """Call off the publishing of a revision, if a time was set."""
    await store.cancel_of_revision(work.connection, revision_id, at=work.now)


def scheduled_change(row: dict[str, Any]) -> ScheduledChange:
    """Read a row."""
    action, state = ScheduledAction(row.pop("action")), ScheduledState(row.pop("state"))
    return ScheduledChange(action=action, state=state, **row)


async def _insert(
    work: Work, viewer: Viewer, title_id: UUID, action: ScheduledAction, revision_id: UUID | None, at: datetime
) -> ScheduledChange:
    at = at.astimezone(UTC)
    if not work.now < at <= work.now + AHEAD_MAX:
        raise InvalidInput("at", "Use a time in the future, at most 20 years ahead.")
    if await catalog_store.lock_title(work.connection, title_id) is None:
        raise NotFound("title", title_id)
    if await store.count_pending(work.connection, title_id) >= PENDING_MAX:
        raise TooManyScheduled(PENDING_MAX)
    change = ScheduledChange(
        id=ScheduledId(work.new_id()),
        title_id=title_id,
        action=action,
        revision_id=revision_id,
        at=at,
        state=ScheduledState.PENDING,
        failure=None,
        created_by=viewer.account_id,
        created_at=work.now,
        settled_at=None,
    )
    await store.insert_scheduled(
        work.connection, id=change.id, title_id=title_id, action=action.value, revision_id=revision_id, at=at,
        created_by=change.created_by, created_at=change.created_at,
    )  # fmt: skip
    return change
