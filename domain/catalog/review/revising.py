"""What editors do to revisions. Every change is made against the version the editor saw."""

from datetime import datetime
from typing import Any
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog.audit import as_editor
from domain.catalog.facts import CATALOG_TOPIC, TitleChanged, TitlePublished
from domain.catalog.review.revision import (
    COMMENT_MAX_CHARS,
    OPEN_REVISIONS_MAX,
    Draft,
    OwnRevision,
    Revision,
    RevisionConflicts,
    RevisionId,
    RevisionState,
    RevisionStateRefused,
    TooManyRevisions,
    changes_of,
    conflicts_of,
)
from domain.catalog.review.scheduling import cancel_for_revision, schedule_revision
from domain.catalog.review.store import revisions as store
from domain.catalog.title import TitleState
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Work

_EDITABLE = (RevisionState.DRAFT, RevisionState.IN_REVIEW, RevisionState.APPROVED, RevisionState.REJECTED)


async def create_revision(
    work: Work, *, viewer: Viewer | None, title_id: UUID, expected_version: int, draft: Draft
) -> Revision:
    """Begin a change set against the title's version the editor saw. Editors only; viewers see nothing of it.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion, NothingChanged, TooManyRevisions.
    """
    viewer = await as_editor(work, viewer=viewer, action="create_revision")
    locked = await store.lock_content(work.connection, title_id)
    if locked is None:
        raise NotFound("title", title_id)
    if locked.version != expected_version:
        raise StaleVersion(expected_version, locked.version)
    if await store.count_open(work.connection, title_id) >= OPEN_REVISIONS_MAX:
        raise TooManyRevisions(OPEN_REVISIONS_MAX)
    revision = Revision(
        id=RevisionId(work.new_id()),
        title_id=locked.title_id,
        state=RevisionState.DRAFT,
        changes=changes_of(draft, locked.content, title_id=title_id, default_language=locked.default_language),
        version=1,
        created_by=viewer.account_id,
        created_at=work.now,
        reviewed_by=None,
        reviewed_at=None,
        comment=None,
        published_at=None,
    )
    await store.insert_revision(work.connection, revision)
    return revision


async def edit_revision(
    work: Work, *, viewer: Viewer | None, revision_id: UUID, expected_version: int, draft: Draft
) -> Revision:
    """Put another change set in place of a revision's, against what the title says now; it is a draft again.

    Whoever edits it becomes its author, so that nobody reviews words of their own. What was scheduled is called off.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion, RevisionStateRefused, NothingChanged.
    """
    viewer = await as_editor(work, viewer=viewer, action="edit_revision")
    revision = await _locked(work, revision_id, expected_version, _EDITABLE)
    locked = await _content(work, revision)
    changes = changes_of(draft, locked.content, title_id=revision.title_id, default_language=locked.default_language)
    await cancel_for_revision(work, revision_id=revision_id)
    return await store.change_revision(
        work.connection, revision_id, changes=changes, state=RevisionState.DRAFT.value, created_by=viewer.account_id,
        reviewed_by=None, reviewed_at=None,
    )  # fmt: skip


async def submit_revision(work: Work, *, viewer: Viewer | None, revision_id: UUID, expected_version: int) -> Revision:
    """Ask for a review. Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, RevisionStateRefused.
    """
    await as_editor(work, viewer=viewer, action="submit_revision")
    return await _move(work, revision_id, expected_version, (RevisionState.DRAFT,), RevisionState.IN_REVIEW)


async def approve_revision(
    work: Work,
    *,
    viewer: Viewer | None,
    revision_id: UUID,
    expected_version: int,
    comment: str = "",
    by_another: bool = True,
) -> Revision:
    """Approve a revision in review. With `by_another` not by its author.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion, RevisionStateRefused, OwnRevision.
    """
    viewer = await as_editor(work, viewer=viewer, action="approve_revision")
    return await _review(work, viewer, revision_id, expected_version, RevisionState.APPROVED, comment, by_another)


async def reject_revision(
    work: Work,
    *,
    viewer: Viewer | None,
    revision_id: UUID,
    expected_version: int,
    comment: str,
    by_another: bool = True,
) -> Revision:
    """Send a revision in review back to its author, saying why. With `by_another` not by its author.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion, RevisionStateRefused, OwnRevision.
    """
    viewer = await as_editor(work, viewer=viewer, action="reject_revision")
    if not comment.strip():
        raise InvalidInput("comment", "Say what has to change.")
    return await _review(work, viewer, revision_id, expected_version, RevisionState.REJECTED, comment, by_another)


async def publish_revision(
    work: Work,
    *,
    viewer: Viewer | None,
    revision_id: UUID,
    expected_version: int,
    at: datetime | None = None,
) -> Revision:
    """Let viewers see an approved revision, and its title, now or at a set time. Editors only.

    Publishing now announces TitleChanged, and TitlePublished when the title was hidden. A time set before is replaced.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, RevisionStateRefused, RevisionConflicts.
        InvalidInput: a time that is past or too far.
    """
    viewer = await as_editor(work, viewer=viewer, action="publish_revision")
    revision = await _locked(work, revision_id, expected_version, (RevisionState.APPROVED,))
    await cancel_for_revision(work, revision_id=revision_id)
    if at is None:
        return await apply_revision(work, revision=revision)
    await schedule_revision(work, viewer=viewer, title_id=revision.title_id, revision_id=revision_id, at=at)
    return await store.change_revision(work.connection, revision_id)


async def discard_revision(work: Work, *, viewer: Viewer | None, revision_id: UUID, expected_version: int) -> Revision:
    """Give a revision up; what was scheduled of it is called off. Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion, RevisionStateRefused.
    """
    await as_editor(work, viewer=viewer, action="discard_revision")
    await _locked(work, revision_id, expected_version, _EDITABLE)
    await cancel_for_revision(work, revision_id=revision_id)
    return await store.change_revision(work.connection, revision_id, state=RevisionState.DISCARDED.value)


async def apply_revision(work: Work, *, revision: Revision) -> Revision:
    """Make a title say what a locked, approved revision says, and publish it.

    Raises:
        RevisionConflicts: nothing was changed.
    """
    locked = await _content(work, revision)
    if conflicts := conflicts_of(revision.changes, locked.content):
        raise RevisionConflicts(conflicts)
    await store.apply_changes(work.connection, locked, revision.changes, at=work.now)
    await work.announce(CATALOG_TOPIC, TitleChanged(locked.title_id))
    if locked.state is not TitleState.PUBLISHED:
        await work.announce(CATALOG_TOPIC, TitlePublished(locked.title_id))
    return await store.change_revision(
        work.connection, revision.id, state=RevisionState.PUBLISHED.value, published_at=work.now
    )


async def _review(
    work: Work,
    viewer: Viewer,
    revision_id: UUID,
    expected_version: int,
    to: RevisionState,
    comment: str,
    by_another: bool,
) -> Revision:
    comment = comment.strip()
    if len(comment) > COMMENT_MAX_CHARS or "\x00" in comment:
        raise InvalidInput("comment", f"Use at most {COMMENT_MAX_CHARS} characters.")
    revision = await _locked(work, revision_id, expected_version, (RevisionState.IN_REVIEW,))
    if by_another and revision.created_by == viewer.account_id:
        raise OwnRevision
    return await store.change_revision(
        work.connection, revision_id, state=to.value, reviewed_by=viewer.account_id, reviewed_at=work.now,
        comment=comment or None,
    )  # fmt: skip


async def _move(
    work: Work, revision_id: UUID, expected_version: int, states: tuple[RevisionState, ...], to: RevisionState
) -> Revision:
    await _locked(work, revision_id, expected_version, states)
    values: dict[str, Any] = {"state": to.value}
    return await store.change_revision(work.connection, revision_id, **values)


async def _locked(work: Work, revision_id: UUID, expected_version: int, states: tuple[RevisionState, ...]) -> Revision:
    revision = await store.lock_revision(work.connection, revision_id)
    if revision is None:
        raise NotFound("revision", revision_id)
    if revision.version != expected_version:
        raise StaleVersion(expected_version, revision.version)
    if revision.state not in states:
        raise RevisionStateRefused(revision.state)
    return revision


async def _content(work: Work, revision: Revision) -> store.LockedContent:
    locked = await store.lock_content(work.connection, revision.title_id)
    assert locked is not None, "a revision goes with its title"
    return locked
