"""The home screen: whose rows come, in which order, and what rules put into them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.catalog import grant_right, withdraw_title
from domain.insights import (
    HomeRow,
    RowAudience,
    RowRule,
    RowTarget,
    count_neighbours_now,
    count_trends_now,
    home,
    home_rows_by_id,
    titles_of_rows,
)
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import InvalidInput
from domain.kernel.sharing import Shared
from domain.kernel.work import Reads, Work
from tests.arrange import create_editor
from tests.home_rows import create_row
from tests.playable import Playable, create_playable, create_subscriber


async def screen(reads: Reads, viewer: Viewer | None, *, page: PageRequest | None = None) -> Page[HomeRow]:
    """Ask for a screen in a process that has not answered anybody yet."""
    return await home(reads, viewer=viewer, page=page or PageRequest(100), shared=Shared(), rings=0)


async def shown_to(reads: Reads, viewer: Viewer | None) -> list[tuple[str, list[UUID]]]:
    """What each row is called, and its titles."""
    rows = (await screen(reads, viewer)).items
    pages = await titles_of_rows(reads, [row.source for row in rows], viewer=viewer, page=PageRequest(100))
    return [(row.texts[0].name, [title.id for title in page.items]) for row, page in zip(rows, pages, strict=True)]


async def watch(work: Work, viewer: Viewer, made: Playable, *, hours_ago: float = 1, position_s: float = 60) -> None:
    """Leave the traces of a session that ended."""
    at = work.now - timedelta(hours=hours_ago)
    await work.connection.execute(
        text(
            "INSERT INTO playback_sessions (id, account_id, profile_id, device_id, title_id, asset_id, slot, state,"
            " started_at, lease_until, expires_at, ended_at, sequence, position_s, duration_s, address, track_classes,"
            " question) VALUES (:id, :account, :profile, :device, :title, :asset, 1, 'ENDED', :at, :at, :at, :at, 1,"
            " :position, 600, '', '{}', '{}')"
        ),
        {
            "id": work.new_id(), "account": viewer.account_id, "profile": viewer.profile_id, "at": at,
            "device": viewer.device_id, "title": made.title_id, "asset": made.asset_id, "position": position_s,
        },
    )  # fmt: skip
    await work.connection.execute(
        text(
            "INSERT INTO resume_points VALUES (:profile, :title, :position, 600, :at) ON CONFLICT (profile_id,"
            " title_id) DO UPDATE SET updated_at = :at"
        ),
        {"profile": viewer.profile_id, "title": made.title_id, "position": position_s, "at": at},
    )


async def publish_at(work: Work, made: Playable, hours_ago: float) -> None:
    await work.connection.execute(
        text("UPDATE titles SET published_at = :at WHERE id = :id"),
        {"at": work.now - timedelta(hours=hours_ago), "id": made.title_id},
    )


async def close_right(work: Work, made: Playable, *, days: float) -> None:
    await work.connection.execute(
        text("UPDATE title_rights SET closes_at = :at WHERE title_id = :id"),
        {"at": work.now + timedelta(days=days), "id": made.title_id},
    )


async def test_a_row_of_another_territory_is_never_seen(work: Work, reads: Reads) -> None:
    editor, made = await create_editor(work), await create_playable(work)
    for position, (name, territories) in enumerate([("All", None), ("Germany", ["DE"]), ("Japan", ["JP"])]):
        target = RowTarget(territories=territories)
        await create_row(work, editor=editor, title_ids=[made.title_id], name=name, position=position, target=target)
    german, japanese = await create_subscriber(work), await create_subscriber(work, territory="JP")
    seen = {
        who: [name for name, _ in await shown_to(reads, viewer)]
        for who, viewer in (("DE", german), ("JP", japanese), ("nobody", None))
    }
    assert seen == {"DE": ["All", "Germany"], "JP": ["All", "Japan"], "nobody": ["All"]}


async def test_a_child_and_a_grown_up_never_share_their_rows(work: Work, reads: Reads) -> None:
    editor, made = await create_editor(work), await create_playable(work)
    for position, audience in enumerate(RowAudience):
        await create_row(
            work, editor=editor, title_ids=[made.title_id], name=audience.value, position=position,
            target=RowTarget(audience=audience),
        )  # fmt: skip
    child, adult = await create_subscriber(work, maturity_limit=6), await create_subscriber(work)
    shared = Shared()

    async def names(viewer: Viewer | None) -> list[str]:
        page = await home(reads, viewer=viewer, page=PageRequest(100), shared=shared, rings=0)
        return [row.texts[0].name for row in page.items]

    for _ in range(2):
        assert await names(child) == ["KIDS", "SIGNED_IN"]
        assert await names(adult) == ["GROWN_UPS", "SIGNED_IN"]
        assert await names(None) == ["GROWN_UPS", "STRANGERS"]


async def test_a_row_is_shown_in_its_window_only(work: Work, reads: Reads) -> None:
    editor, made = await create_editor(work), await create_playable(work)
    target = RowTarget(starts_at=work.now, ends_at=work.now + timedelta(hours=1))
    row = await create_row(work, editor=editor, title_ids=[made.title_id], target=target)

    async def is_seen_at(seconds: float) -> bool:
        at = replace(reads, now=work.now + timedelta(seconds=seconds))
        (by_id,) = await home_rows_by_id(at, [row.id], viewer=None, shared=Shared(), rings=0)
        seen = bool((await screen(at, None)).items)
        assert (by_id is not None) is seen
        return seen

    assert [await is_seen_at(seconds) for seconds in (-1, 0, 3599, 3600)] == [False, True, True, False]


async def test_a_row_without_anything_for_the_viewer_is_left_out(work: Work, reads: Reads) -> None:
    editor, made = await create_editor(work), await create_playable(work, territory="JP")
    row = await create_row(work, editor=editor, title_ids=[made.title_id])
    for rule in RowRule:
        await create_row(work, editor=editor, rule=rule)
    german = await create_subscriber(work)
    assert await shown_to(reads, german) == []
    assert await home_rows_by_id(reads, [row.id], viewer=german, shared=Shared(), rings=0) == [None]


async def test_new_titles_come_newest_first(work: Work, reads: Reads) -> None:
    editor = await create_editor(work)
    made = [await create_playable(work) for _ in range(3)]
    for one, hours in zip(made, (5, 1, 9), strict=True):
        await publish_at(work, one, hours)
    await create_row(work, editor=editor, rule=RowRule.NEW, name="New")
    assert await shown_to(reads, None) == [("New", [made[1].title_id, made[0].title_id, made[2].title_id])]


async def test_titles_that_leave_come_by_their_last_day_unless_another_right_goes_on(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_subscriber(work)
    late, soon, far, renewed = [await create_playable(work) for _ in range(4)]
    for one, days in ((late, 20), (soon, 2), (far, 31), (renewed, 3)):
        await close_right(work, one, days=days)
    await grant_right(work, viewer=editor, title_id=renewed.title_id, territory="DE", opens_at=work.now)
    await create_row(work, editor=editor, rule=RowRule.LEAVING_SOON, name="Leaving")
    assert await shown_to(reads, viewer) == [("Leaving", [soon.title_id, late.title_id])]
    assert await shown_to(reads, None) == [("Leaving", [soon.title_id, renewed.title_id, late.title_id])]


async def test_trends_are_those_of_the_territory_and_recent_starts_count_more(work: Work, reads: Reads) -> None:
    editor, german, other = await create_editor(work), await create_subscriber(work), await create_subscriber(work)
    japanese = await create_subscriber(work, territory="JP")
    old, fresh, foreign, forgotten = [await create_playable(work) for _ in range(4)]
    for viewer in (german, other):
        await watch(work, viewer, old, hours_ago=24 * 6)
    await watch(work, german, fresh)
    await watch(work, japanese, foreign)
    await watch(work, german, forgotten, hours_ago=24 * 8)
    for _ in range(2):
        await count_trends_now(work)
    await create_row(work, editor=editor, rule=RowRule.TRENDING, name="Trending")
    assert await shown_to(reads, german) == [("Trending", [fresh.title_id, old.title_id])]
    assert await shown_to(reads, japanese) == [("Trending", [foreign.title_id])]
    french = await create_subscriber(work, territory="FR")
    ((_, world),) = await shown_to(reads, french)
    assert set(world[:2]) == {fresh.title_id, foreign.title_id}
    assert world[2:] == [old.title_id]


async def test_what_others_also_watched_is_offered_once_and_not_what_was_watched(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_subscriber(work)
    seen, also, rarely = [await create_playable(work) for _ in range(3)]
    for number in range(3):
        like_minded = await create_subscriber(work)
        for one in (seen, also, *([rarely] if number == 0 else [])):
            await watch(work, like_minded, one)
    await watch(work, viewer, seen)
    for _ in range(2):
        await count_neighbours_now(work)
    await create_row(work, editor=editor, rule=RowRule.BECAUSE_YOU_WATCHED, name="Like it")
    assert await shown_to(reads, viewer) == [("Like it", [also.title_id, rarely.title_id])]
    assert await shown_to(reads, None) == []


async def test_what_a_profile_began_is_its_own_and_comes_last_watched_first(work: Work, reads: Reads) -> None:
    editor, viewer, other = await create_editor(work), await create_subscriber(work), await create_subscriber(work)
    first, second, finished, hidden = [await create_playable(work) for _ in range(4)]
    for hours, one in ((3, first), (2, second), (1, hidden)):
        await watch(work, viewer, one, hours_ago=hours)
    await watch(work, viewer, finished, position_s=0)
    await withdraw_title(work, viewer=editor, title_id=hidden.title_id, expected_version=2)
    await create_row(work, editor=editor, rule=RowRule.CONTINUE_WATCHING, name="Go on")
    assert await shown_to(reads, viewer) == [("Go on", [second.title_id, first.title_id])]
    assert await shown_to(reads, other) == []


@pytest.mark.parametrize("rule", [RowRule.EDITORIAL, RowRule.NEW, RowRule.CONTINUE_WATCHING])
@pytest.mark.parametrize("count", [7, 45])
async def test_every_row_runs_both_ways_without_gap_or_repeat(
    work: Work, reads: Reads, rule: RowRule, count: int
) -> None:
    editor, viewer = await create_editor(work), await create_subscriber(work)
    made = [await create_playable(work) for _ in range(count)]
    for hours, one in enumerate(made):
        await publish_at(work, one, hours)
        await watch(work, viewer, one, hours_ago=hours)
    title_ids = [one.title_id for one in made] if rule is RowRule.EDITORIAL else ()
    await create_row(work, editor=editor, rule=rule, title_ids=title_ids)
    (row,) = (await screen(reads, viewer)).items
    wanted = [one.title_id for one in made]
    assert await walk(reads, viewer, row, "after") == wanted
    assert await walk(reads, viewer, row, "before") == wanted


async def walk(reads: Reads, viewer: Viewer, row: HomeRow, direction: str) -> list[UUID]:
    """Read a row page by page from one of its ends."""
    seen: list[UUID] = []
    cursor: str | None = None
    for _ in range(100):
        request = PageRequest(3, **{direction: cursor}, backwards=direction == "before")
        (page,) = await titles_of_rows(reads, [row.source], viewer=viewer, page=request)
        ids = [title.id for title in page.items]
        seen = seen + ids if direction == "after" else ids + seen
        if not (page.has_next if direction == "after" else page.has_previous):
            return seen
        cursor = page.cursors[-1 if direction == "after" else 0]
    raise AssertionError("the row has no end")


async def test_the_screen_runs_both_ways(work: Work, reads: Reads) -> None:
    editor, made = await create_editor(work), await create_playable(work)
    rows = [
        await create_row(work, editor=editor, title_ids=[made.title_id], position=number // 2) for number in range(5)
    ]
    first = await screen(reads, None, page=PageRequest(2))
    second = await screen(reads, None, page=PageRequest(2, after=first.cursors[-1]))
    back = await screen(reads, None, page=PageRequest(2, before=second.cursors[0], backwards=True))
    last = await screen(reads, None, page=PageRequest(1, backwards=True))
    assert [row.id for page in (first, second, last) for row in page.items] == [row.id for row in rows]
    assert [row.id for row in back.items] == [row.id for row in first.items]
    assert [(page.has_previous, page.has_next) for page in (first, second, last)] == [
        (False, True), (True, True), (True, False),
    ]  # fmt: skip


@pytest.mark.parametrize("cursor", ["", "garbage", "WyJ0aXRsZXMiLDFd", "WyJob21lIiwxLCJ4Il0", "x" * 600])
async def test_a_cursor_that_is_none_of_ours_is_refused(work: Work, reads: Reads, cursor: str) -> None:
    editor, made = await create_editor(work), await create_playable(work)
    row = await create_row(work, editor=editor, title_ids=[made.title_id])
    with pytest.raises(InvalidInput):
        await screen(reads, None, page=PageRequest(2, after=cursor))
    with pytest.raises(InvalidInput):
        await titles_of_rows(reads, [row.source], viewer=None, page=PageRequest(2, after=cursor))


async def touched(work: Work, tables: Sequence[str]) -> int:
    """How many rows of these tables the transaction has read so far; all of them, if any was read from end to end."""
    rows = await work.connection.execute(
        text(
            "SELECT seq_tup_read, coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = ANY(:names)"
        ),
        {"names": list(tables)},
    )
    return sum(scanned + fetched for scanned, fetched in rows)


async def test_a_large_catalog_does_not_make_a_screen_read_more(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_subscriber(work)
    made = [await create_playable(work) for _ in range(20)]
    for rule in RowRule:
        title_ids = [one.title_id for one in made] if rule is RowRule.EDITORIAL else ()
        await create_row(work, editor=editor, rule=rule, title_ids=title_ids)
    await work.connection.execute(text(MANY_TITLES), {"by": editor.account_id, "at": work.now})
    await work.connection.execute(text(MANY_RIGHTS), {"at": work.now})
    for table in ("titles", "title_rights", "home_row_titles"):
        await work.connection.execute(text(f"ANALYZE {table}"))
    tables = ("titles", "title_rights", "title_trends", "title_neighbours")
    before = await touched(work, tables)
    shown = await shown_to(reads, viewer)
    assert [len(ids) for _, ids in shown] == [20, 100, 100]
    # Each rule looks at its candidates and their rights, whatever there is besides them.
    assert await touched(work, tables) - before < 20_000


MANY_TITLES = """
    INSERT INTO titles (id, kind, state, default_language, maturity_age, version, created_by, created_at, published_at)
    SELECT gen_random_uuid(), 'MOVIE', 'PUBLISHED', 'en', 0, 1, :by, :at, CAST(:at AS timestamptz) - n * interval '1 s'
    FROM generate_series(1, 40000) n
"""
MANY_RIGHTS = """
    INSERT INTO title_rights (id, title_id, territory, opens_at, closes_at)
    SELECT gen_random_uuid(), id, '*', CAST(:at AS timestamptz) - interval '1 day',
        CAST(:at AS timestamptz) + (1 + random() * 1000) * interval '1 day'
    FROM titles WHERE published_at < :at AND NOT EXISTS (SELECT FROM title_rights r WHERE r.title_id = titles.id)
"""
