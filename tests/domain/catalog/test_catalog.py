"""The catalog: who may write it, who sees what, and in which language."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.catalog import (
    Right,
    RightOverlaps,
    Title,
    TitleKind,
    TitleState,
    create_title,
    describe_title,
    grant_right,
    list_titles,
    publish_title,
    revoke_right,
    texts_of,
    titles_by_id,
    translations_of,
    visible_titles,
    withdraw_title,
)
from domain.kernel.paging import PageRequest, encode_cursor
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Reads, Work
from tests.arrange import create_editor, create_viewer
from tests.playable import create_subscriber


async def draft(work: Work, editor: Viewer, *, name: str = "Film") -> Title:
    return await create_title(work, viewer=editor, kind=TitleKind.MOVIE, language="en", name=name)


async def published(work: Work, editor: Viewer, *, territory: str = "*", name: str = "Film") -> Title:
    title = await draft(work, editor, name=name)
    await grant_right(work, viewer=editor, title_id=title.id, territory=territory, opens_at=work.now)
    return await publish_title(work, viewer=editor, title_id=title.id, expected_version=1)


async def test_only_editors_write_the_catalog(work: Work) -> None:
    viewer = await create_viewer(work)
    with pytest.raises(Forbidden):
        await draft(work, viewer)
    with pytest.raises(SignInRequired):
        await create_title(work, viewer=None, kind=TitleKind.MOVIE, language="en", name="Film")
    assert (await work.connection.execute(text("SELECT count(*) FROM titles"))).scalar_one() == 0


async def test_a_draft_is_seen_by_editors_only(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_viewer(work)
    title = await draft(work, editor)
    assert await visible_titles(reads, [title.id], viewer=editor) == [title]
    assert await visible_titles(reads, [title.id], viewer=viewer) == [None]
    assert await visible_titles(reads, [title.id], viewer=None) == [None]


async def test_a_published_title_is_seen_where_it_has_an_open_right(work: Work, reads: Reads) -> None:
    editor = await create_editor(work)
    title = await published(work, editor, territory="DE")
    german, japanese = await create_subscriber(work), await create_subscriber(work, territory="JP")
    assert await visible_titles(reads, [title.id], viewer=german) == [title]
    assert await visible_titles(reads, [title.id], viewer=japanese) == [None]
    assert await visible_titles(reads, [title.id], viewer=None) == [None]


async def test_a_window_is_open_from_its_first_instant_and_not_at_its_last(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_viewer(work)
    title = await draft(work, editor)
    closes_at = work.now + timedelta(hours=1)
    await grant_right(work, viewer=editor, title_id=title.id, territory="DE", opens_at=work.now, closes_at=closes_at)
    await publish_title(work, viewer=editor, title_id=title.id, expected_version=1)

    async def seen_at(seconds: float) -> bool:
        at = Reads(reads.database, now=work.now + timedelta(seconds=seconds))
        return (await visible_titles(at, [title.id], viewer=viewer)) != [None]

    assert [await seen_at(-1), await seen_at(0), await seen_at(3599), await seen_at(3600)] == [False, True, True, False]


async def test_a_withdrawn_title_is_hidden_and_can_come_back(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_viewer(work)
    title = await published(work, editor)
    hidden = await withdraw_title(work, viewer=editor, title_id=title.id, expected_version=2)
    assert hidden.state is TitleState.WITHDRAWN
    assert await visible_titles(reads, [title.id], viewer=viewer) == [None]
    back = await publish_title(work, viewer=editor, title_id=title.id, expected_version=3)
    assert (back.state, back.version, back.published_at) == (TitleState.PUBLISHED, 4, title.published_at)


async def test_the_second_of_two_editors_is_told_to_load_again(work: Work, reads: Reads) -> None:
    editor = await create_editor(work)
    title = await draft(work, editor)
    await describe_title(
        work, viewer=editor, title_id=title.id, language="en", name="First", synopsis="", expected_version=1
    )
    with pytest.raises(StaleVersion) as refused:
        await describe_title(
            work, viewer=editor, title_id=title.id, language="en", name="Second", synopsis="", expected_version=1
        )
    assert refused.value.actual == 2
    ((kept,),) = await translations_of(reads, [title.id])
    assert kept.name == "First"


async def test_texts_fall_back_from_region_to_language_to_default(work: Work, reads: Reads) -> None:
    editor = await create_editor(work)
    title = await draft(work, editor)
    for version, (language, name) in enumerate([("pt", "Filme"), ("zh-Hant-TW", "電影")], start=1):
        await describe_title(
            work, viewer=editor, title_id=title.id, language=language, name=name, synopsis="", expected_version=version
        )

    async def name_for(*languages: str) -> str:
        (best,) = await texts_of(reads, [title.id], languages=languages)
        assert best is not None
        return best.name

    assert await name_for("pt-BR") == "Filme"
    assert await name_for("fr", "pt-PT") == "Filme"
    assert await name_for("zh-Hant-TW") == "電影"
    assert await name_for("zh") == "Film"
    assert await name_for() == "Film"


@pytest.mark.parametrize("language", ["", "english", "e", "en_US", "en-", "x" * 50, "en-US-x-private"])
async def test_what_is_no_language_is_refused(work: Work, language: str) -> None:
    editor = await create_editor(work)
    with pytest.raises(InvalidInput) as refused:
        await create_title(work, viewer=editor, kind=TitleKind.CLIP, language=language, name="Film")
    assert refused.value.field == "language"


@pytest.mark.parametrize("territory", ["de", "DEU", "", "**", "D1"])
async def test_what_is_no_territory_is_refused(work: Work, territory: str) -> None:
    editor = await create_editor(work)
    title = await draft(work, editor)
    with pytest.raises(InvalidInput):
        await grant_right(work, viewer=editor, title_id=title.id, territory=territory, opens_at=work.now)


async def test_rights_of_one_territory_do_not_overlap(work: Work) -> None:
    editor = await create_editor(work)
    title = await draft(work, editor)

    async def grant(start_h: int, end_h: int | None, territory: str = "DE") -> Right:
        opens_at = work.now + timedelta(hours=start_h)
        closes_at = None if end_h is None else work.now + timedelta(hours=end_h)
        return await grant_right(
            work, viewer=editor, title_id=title.id, territory=territory, opens_at=opens_at, closes_at=closes_at
        )

    await grant(0, 10)
    await grant(10, 20)
    await grant(5, None, territory="FR")
    with pytest.raises(RightOverlaps):
        await grant(19, None)
    with pytest.raises(InvalidInput):
        await grant(30, 30)


async def test_a_revoked_right_hides_the_title(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_viewer(work)
    title = await draft(work, editor)
    right = await grant_right(work, viewer=editor, title_id=title.id, territory="DE", opens_at=work.now)
    await publish_title(work, viewer=editor, title_id=title.id, expected_version=1)
    assert (await revoke_right(work, viewer=editor, right_id=right.id)).id == title.id
    assert await visible_titles(reads, [title.id], viewer=viewer) == [None]
    with pytest.raises(NotFound):
        await revoke_right(work, viewer=editor, right_id=right.id)


async def test_changing_a_title_that_is_not_there_is_refused(work: Work) -> None:
    editor = await create_editor(work)
    with pytest.raises(NotFound):
        await publish_title(work, viewer=editor, title_id=work.new_id(), expected_version=1)


async def test_pages_run_both_ways_without_gap_or_repeat(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_viewer(work)
    made = [await published(work, editor, name=f"Film {number}") for number in range(5)]
    hidden = await draft(work, editor)
    newest_first = [title.id for title in reversed(made)]

    first = await list_titles(reads, viewer=viewer, page=PageRequest.parse(first=2))
    second = await list_titles(reads, viewer=viewer, page=PageRequest.parse(first=2, after=first.cursors[-1]))
    third = await list_titles(reads, viewer=viewer, page=PageRequest.parse(first=2, after=second.cursors[-1]))
    back = await list_titles(reads, viewer=viewer, page=PageRequest.parse(last=2, before=third.cursors[0]))

    assert [title.id for page in (first, second, third) for title in page.items] == newest_first
    assert [first.has_next, second.has_next, third.has_next] == [True, True, False]
    assert list(back.items) == list(second.items)
    assert back.has_previous
    assert hidden.id in [title.id for title in (await list_titles(reads, viewer=editor, page=PageRequest(50))).items]


@pytest.mark.parametrize("cursor", [encode_cursor("uploads", "x"), encode_cursor("titles"), encode_cursor("titles", 5)])
async def test_a_cursor_of_another_list_is_refused(reads: Reads, cursor: str) -> None:
    with pytest.raises(InvalidInput):
        await list_titles(reads, viewer=None, page=PageRequest(10, after=cursor))


async def test_titles_come_back_in_the_order_asked(work: Work, reads: Reads) -> None:
    editor = await create_editor(work)
    one, two = await draft(work, editor), await draft(work, editor)
    assert await titles_by_id(reads, [two.id, work.new_id(), one.id]) == [two, None, one]
