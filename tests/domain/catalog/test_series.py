"""Series, seasons and episodes: what is a part of what, in which order, and what comes next."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.accounts import Viewer
from domain.catalog import (
    PartTaken,
    Title,
    TitleKind,
    TitlesOf,
    create_title,
    grant_right,
    next_episodes,
    place_title,
    publish_title,
    titles_of,
)
from domain.kernel.paging import PageRequest
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Work
from tests.arrange import create_editor, create_viewer


@dataclass
class Desk:
    """An editor at work on a series."""

    work: Work
    editor: Viewer
    viewer: Viewer

    async def make(
        self, kind: TitleKind, parent: Title | None = None, number: int | None = None, *, published: bool = True
    ) -> Title:
        starts_at = self.work.now if kind is TitleKind.LIVE_EVENT else None
        title = await create_title(
            self.work,
            viewer=self.editor,
            kind=kind,
            language="en",
            name=f"{kind} {number}",
            parent_id=None if parent is None else parent.id,
            number=number,
            starts_at=starts_at,
        )
        if not published:
            return title
        opens_at = self.work.now - timedelta(days=1)
        await grant_right(self.work, viewer=self.editor, title_id=title.id, territory="*", opens_at=opens_at)
        return await publish_title(self.work, viewer=self.editor, title_id=title.id, expected_version=title.version)

    async def numbers(self, what: TitlesOf, owner: Title, **paging: object) -> list[int | None]:
        page = PageRequest.parse(**paging)  # type: ignore[arg-type]  # a test's shorthand
        (found,) = await titles_of(self.work.reads(), what, [owner.id], viewer=self.viewer, page=page)
        return [title.number for title in found.items]

    async def after(self, episode: Title) -> UUID | None:
        (found,) = await next_episodes(self.work.reads(), [episode.id], viewer=self.viewer)
        return found


@pytest.fixture
async def desk(work: Work) -> Desk:
    return Desk(work, await create_editor(work), await create_viewer(work))


async def test_parts_come_by_number_and_page_both_ways(desk: Desk) -> None:
    series = await desk.make(TitleKind.SERIES)
    other = await desk.make(TitleKind.SERIES)
    for number in (3, 1, 2, 0):
        await desk.make(TitleKind.SEASON, series, number)
    await desk.make(TitleKind.SEASON, other, 1)
    await desk.make(TitleKind.SEASON, series, 4, published=False)
    assert await desk.numbers(TitlesOf.SEASONS, series) == [0, 1, 2, 3]
    assert await desk.numbers(TitlesOf.EPISODES, series) == []
    page = PageRequest.parse(first=2)
    pages = await titles_of(desk.work.reads(), TitlesOf.SEASONS, [series.id, other.id], viewer=desk.viewer, page=page)
    assert [[title.number for title in one.items] for one in pages] == [[0, 1], [1]]
    assert [one.has_next for one in pages] == [True, False]
    assert await desk.numbers(TitlesOf.SEASONS, series, first=2, after=pages[0].cursors[-1]) == [2, 3]
    assert await desk.numbers(TitlesOf.SEASONS, series, last=1, before=pages[0].cursors[-1]) == [0]


async def test_the_cursor_of_another_list_is_refused(desk: Desk) -> None:
    series = await desk.make(TitleKind.SERIES)
    await desk.make(TitleKind.SEASON, series, 1)
    page = PageRequest.parse(first=1)
    (seasons,) = await titles_of(desk.work.reads(), TitlesOf.SEASONS, [series.id], viewer=desk.viewer, page=page)
    for what in (TitlesOf.EPISODES, TitlesOf.PERSON, TitlesOf.COLLECTION):
        with pytest.raises(InvalidInput, match="does not belong"):
            await desk.numbers(what, series, after=seasons.cursors[0])


async def test_what_comes_next_goes_on_in_the_next_season(desk: Desk) -> None:
    series = await desk.make(TitleKind.SERIES)
    first, second, third = [await desk.make(TitleKind.SEASON, series, number) for number in (1, 2, 5)]
    one, two = [await desk.make(TitleKind.EPISODE, first, number) for number in (1, 2)]
    await desk.make(TitleKind.EPISODE, second, 1, published=False)
    hidden_behind = await desk.make(TitleKind.EPISODE, third, 7)
    assert await desk.after(one) == two.id
    assert await desk.after(two) == hidden_behind.id
    assert await desk.after(hidden_behind) is None


async def test_a_series_without_seasons_goes_on_too(desk: Desk) -> None:
    series = await desk.make(TitleKind.SERIES)
    one, three = [await desk.make(TitleKind.EPISODE, series, number) for number in (1, 3)]
    assert await desk.numbers(TitlesOf.EPISODES, series) == [1, 3]
    assert [await desk.after(one), await desk.after(three)] == [three.id, None]


@pytest.mark.parametrize(
    ("kind", "parent", "number"),
    [
        (TitleKind.MOVIE, TitleKind.SERIES, 1),
        (TitleKind.SERIES, TitleKind.SERIES, 1),
        (TitleKind.SEASON, TitleKind.SEASON, 1),
        (TitleKind.SEASON, TitleKind.MOVIE, 1),
        (TitleKind.EPISODE, TitleKind.EPISODE, 1),
        (TitleKind.EPISODE, None, None),
        (TitleKind.SEASON, None, 1),
        (TitleKind.SEASON, TitleKind.SERIES, None),
        (TitleKind.SEASON, TitleKind.SERIES, -1),
        (TitleKind.SEASON, TitleKind.SERIES, 10_000),
    ],
)
async def test_what_cannot_be_a_part_is_refused(
    desk: Desk, kind: TitleKind, parent: TitleKind | None, number: int | None
) -> None:
    series = await desk.make(TitleKind.SERIES)
    season = await desk.make(TitleKind.SEASON, series, 1)
    parents = {
        TitleKind.SERIES: series,
        TitleKind.SEASON: season,
        TitleKind.EPISODE: await desk.make(TitleKind.EPISODE, season, 1),
        TitleKind.MOVIE: await desk.make(TitleKind.MOVIE),
        None: None,
    }
    before = await desk.work.connection.scalar(text("SELECT count(*) FROM titles"))
    with pytest.raises(InvalidInput):
        await desk.make(kind, parents[parent], number)
    assert await desk.work.connection.scalar(text("SELECT count(*) FROM titles")) == before


async def test_an_absent_parent_is_not_found(desk: Desk) -> None:
    nowhere = replace(await desk.make(TitleKind.SERIES), id=uuid4())  # type: ignore[arg-type]  # an id of nothing
    with pytest.raises(NotFound):
        await desk.make(TitleKind.SEASON, nowhere, 1)


async def test_a_number_is_given_once(desk: Desk) -> None:
    series = await desk.make(TitleKind.SERIES)
    season = await desk.make(TitleKind.SEASON, series, 1)
    other = await desk.make(TitleKind.SEASON, series, 2)
    with pytest.raises(PartTaken):
        await desk.make(TitleKind.SEASON, series, 1)
    with pytest.raises(PartTaken):
        await place_title(
            desk.work, viewer=desk.editor, title_id=other.id, parent_id=series.id, number=1, expected_version=2
        )
    # An episode of the series itself is counted apart from its seasons.
    assert (await desk.make(TitleKind.EPISODE, series, 1)).number == season.number == 1


async def test_a_part_moves(desk: Desk) -> None:
    series = await desk.make(TitleKind.SERIES)
    seasons = [await desk.make(TitleKind.SEASON, series, number) for number in (1, 2)]
    episode = await desk.make(TitleKind.EPISODE, seasons[0], 1)
    moved = await place_title(
        desk.work, viewer=desk.editor, title_id=episode.id, parent_id=seasons[1].id, number=9, expected_version=2
    )
    assert (moved.parent_id, moved.number, moved.version) == (seasons[1].id, 9, 3)
    assert [await desk.numbers(TitlesOf.EPISODES, season) for season in seasons] == [[], [9]]
    with pytest.raises(StaleVersion):
        await place_title(
            desk.work, viewer=desk.editor, title_id=episode.id, parent_id=series.id, number=1, expected_version=2
        )
    with pytest.raises(InvalidInput):
        await place_title(
            desk.work, viewer=desk.editor, title_id=seasons[0].id, parent_id=seasons[1].id, number=1, expected_version=2
        )


async def test_the_database_holds_what_is_a_part_of_what(desk: Desk) -> None:
    movie = await desk.make(TitleKind.MOVIE)
    series = await desk.make(TitleKind.SERIES)
    for change in (
        "parent_id = :series, parent_kind = 'SERIES', number = 1",
        "kind = 'SEASON', parent_id = :series, parent_kind = 'SEASON', number = 1",
        "kind = 'SEASON', parent_id = :series, parent_kind = 'SERIES'",
        "kind = 'LIVE_EVENT'",
        "starts_at = now()",
    ):
        with pytest.raises(IntegrityError):
            async with desk.work.connection.begin_nested():
                await desk.work.connection.execute(
                    text(f"UPDATE titles SET {change} WHERE id = :movie"), {"movie": movie.id, "series": series.id}
                )


async def test_a_live_event_has_a_start(desk: Desk) -> None:
    now = desk.work.now
    event = await desk.make(TitleKind.LIVE_EVENT)
    assert (event.starts_at, event.ends_at) == (now, None)
    for kind, starts_at, ends_at in (
        (TitleKind.LIVE_EVENT, None, None),
        (TitleKind.LIVE_EVENT, now, now),
        (TitleKind.MOVIE, now, None),
        (TitleKind.MOVIE, None, now),
    ):
        with pytest.raises(InvalidInput):
            await create_title(
                desk.work, viewer=desk.editor, kind=kind, language="en", name="x", starts_at=starts_at, ends_at=ends_at
            )
