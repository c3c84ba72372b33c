"""Series, their seasons and episodes, as loads of the titles that they are."""

from collections.abc import Sequence
from uuid import UUID

from domain.catalog import Title, TitleKind, next_episodes, titles_by_id
from graph.batching import load_all
from graph.context import Context
from graph.loads import visible_titles


async def titles_series(context: Context, keys: Sequence[UUID]) -> list[Title | None]:
    """Load the series that each parent is, or is a season of."""
    parents: list[Title | None] = await load_all(context, visible_titles, keys)
    ids = [parent.parent_id for parent in parents if parent is not None and parent.parent_id is not None]
    above = dict(zip(ids, await load_all(context, visible_titles, ids), strict=True))
    return [
        parent if parent is None or parent.kind is TitleKind.SERIES else above.get(parent.parent_id)  # type: ignore[arg-type]  # a season without a series has none
        for parent in parents
    ]


async def titles_season(context: Context, keys: Sequence[UUID]) -> list[Title | None]:
    """Load parents that are seasons."""
    parents: list[Title | None] = await load_all(context, visible_titles, keys)
    return [parent if parent is not None and parent.kind is TitleKind.SEASON else None for parent in parents]


async def season_numbers(context: Context, keys: Sequence[UUID]) -> list[int | None]:
    """Load the numbers of parents that are seasons, also of hidden ones: a number gives nothing away."""
    parents = await titles_by_id(context.reads, keys)
    return [parent.number if parent is not None and parent.kind is TitleKind.SEASON else None for parent in parents]


async def following(context: Context, keys: Sequence[UUID]) -> list[Title | None]:
    """Load the episode after each."""
    ids = await next_episodes(context.reads, keys, viewer=context.viewer)
    wanted = [id for id in ids if id is not None]
    found = dict(zip(wanted, await load_all(context, visible_titles, wanted), strict=True))
    return [None if id is None else found[id] for id in ids]
