"""National maturity ratings of titles."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.changing import changed_title
from domain.catalog.details import Rating
from domain.catalog.rating_systems import SYSTEMS
from domain.catalog.title import Title
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads, Work


def rating_of(system: str, label: str) -> Rating:
    """Return a rating.

    Raises:
        InvalidInput: no such system, or no such label in it.
    """
    found = SYSTEMS.get(system)
    if found is None:
        raise InvalidInput("system", f"There is no system {system[:20]!r}. Use one of {', '.join(SYSTEMS)}.")
    if label not in found.ages:
        raise InvalidInput("label", f"{system} has no label {label[:20]!r}. Use one of {', '.join(found.ages)}.")
    return Rating(system, label, found.ages[label])


async def set_ratings(
    work: Work, *, viewer: Viewer | None, title_id: UUID, ratings: Sequence[tuple[str, str]], expected_version: int
) -> Title:
    """Replace a title's ratings, each a (system, label). Announces TitleChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    checked = {rating.system: rating for rating in (rating_of(*one) for one in ratings)}
    if len(checked) < len(ratings):
        raise InvalidInput("ratings", "Name each system once.")
    title = await changed_title(
        work, viewer=viewer, title_id=title_id, expected_version=expected_version, action="set_ratings"
    )
    await store.replace_ratings(work.connection, title_id, list(checked.values()))
    return title


async def ratings_of(reads: Reads, title_ids: Sequence[UUID]) -> list[list[Rating]]:
    """Batch load the ratings of titles, by system."""
    async with reads.connection() as connection:
        return await store.ratings_of(connection, title_ids)
