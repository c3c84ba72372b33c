"""What every change of a title's surroundings has in common: who may, against which version, and who is told."""

from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.audit import as_editor
from domain.catalog.facts import CATALOG_TOPIC, TitleChanged
from domain.catalog.title import Title, TitleId, TitleState
from domain.kernel.refusals import NotFound, StaleVersion
from domain.kernel.work import Work


async def changed_title(
    work: Work, *, viewer: Viewer | None, title_id: UUID, expected_version: int, action: str
) -> Title:
    """Move a title to its next version for an editor, and announce TitleChanged. `action` names the verb in the log.

    The row stays locked until the work ends.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action=action)
    title = await next_version(work, title_id=title_id, expected_version=expected_version)
    await work.announce(CATALOG_TOPIC, TitleChanged(title.id))
    return title


async def next_version(work: Work, *, title_id: UUID, expected_version: int, state: TitleState | None = None) -> Title:
    """Move a title to its next version, and to another state.

    Raises:
        NotFound, StaleVersion.
    """
    changed = await store.change_title(
        work.connection, title_id, expected_version=expected_version, state=state, at=work.now
    )
    if changed is not None:
        return changed
    title = await store.lock_title(work.connection, title_id)
    if title is None:
        raise NotFound("title", TitleId(title_id))
    raise StaleVersion(expected_version, title.version)
