"""Lets happen what was set to happen, in order of time, each once."""

from uuid import UUID

from domain.catalog.audit import as_service
from domain.catalog.facts import CATALOG_TOPIC, TitlePublished, TitleWithdrawn
from domain.catalog.review.revising import apply_revision
from domain.catalog.review.revision import Revision, RevisionState, RevisionStateRefused
from domain.catalog.review.scheduling import ScheduledAction, ScheduledChange, ScheduledState, scheduled_change
from domain.catalog.review.store import revisions as revisions_store
from domain.catalog.review.store import scheduled as store
from domain.catalog.title import TitleId, TitleState
from domain.kernel.facts import Fact
from domain.kernel.refusals import Refusal, Unavailable
from domain.kernel.work import Work

# Jobs named here are put on the queue by the worker.
RUN_DUE = "catalog.run_due_changes"
# How often in one transaction an editor may be faster and call off what was about to happen.
CALLED_OFF_MAX = 10


async def run_due_change(work: Work) -> ScheduledChange | None:
    """Let the first change that is due happen, and return it settled; None when none is due.

    The change and the row that says so are one transaction, and only one transaction at a time does this: nothing
    happens twice, and a take-down never overtakes an earlier publication. What is refused then, such as a revision in
    conflict, is FAILED with the code of its refusal. Announces what publishing and withdrawing announce.
    """
    await store.lock_sweep(work.connection)
    for _ in range(CALLED_OFF_MAX):
        row = await store.next_due(work.connection, now=work.now)
        if row is None:
            return None
        change = scheduled_change(row)
        # A revision is locked before what is set to happen with it, as editors do.
        revision = None if change.revision_id is None else await _revision(work, change.revision_id)
        claimed = await store.settle(work.connection, change.id, state=ScheduledState.DONE.value, at=work.now)
        if claimed is not None:
            return await _happen(work, scheduled_change(claimed), revision)
    return None


async def _happen(work: Work, change: ScheduledChange, revision: Revision | None) -> ScheduledChange:
    await as_service(work, account_id=change.created_by, action="run_scheduled_change")
    if change.action is ScheduledAction.PUBLISH:
        await _set_state(work, change.title_id, TitleState.PUBLISHED, TitlePublished(TitleId(change.title_id)))
    elif change.action is ScheduledAction.WITHDRAW:
        await _set_state(work, change.title_id, TitleState.WITHDRAWN, TitleWithdrawn(TitleId(change.title_id)))
    else:
        assert revision is not None, "the table sees to it"
        try:
            await _publish(work, revision)
        except Unavailable:
            raise
        except Refusal as refusal:
            return scheduled_change(await store.fail(work.connection, change.id, failure=refusal.code))
    return change


async def _publish(work: Work, revision: Revision) -> None:
    if revision.state is not RevisionState.APPROVED:
        raise RevisionStateRefused(revision.state)
    await apply_revision(work, revision=revision)


async def _revision(work: Work, id: UUID) -> Revision:
    revision = await revisions_store.lock_revision(work.connection, id)
    assert revision is not None, "its change would be gone with it"
    return revision


async def _set_state(work: Work, title_id: UUID, state: TitleState, fact: Fact) -> None:
    if await store.set_title_state(work.connection, title_id, state, at=work.now):
        await work.announce(CATALOG_TOPIC, fact)
