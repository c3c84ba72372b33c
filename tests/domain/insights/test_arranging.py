"""Editors' changes to the home screen: who may, against which version, with which values."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.insights import (
    RowRule,
    RowTarget,
    all_home_rows,
    arrange_home_row,
    create_home_row,
    describe_home_row,
    fill_home_row,
    home_rows_by_id,
    remove_home_row,
)
from domain.kernel.facts import read_facts
from domain.kernel.paging import PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.sharing import Shared
from domain.kernel.work import Reads, Work
from tests.arrange import create_draft, create_editor
from tests.home_rows import create_row
from tests.playable import create_subscriber


async def test_only_editors_arrange_the_screen(work: Work, reads: Reads) -> None:
    editor, viewer = await create_editor(work), await create_subscriber(work)
    row = await create_row(work, editor=editor)
    for somebody, refusal in ((viewer, Forbidden), (None, SignInRequired)):
        with pytest.raises(refusal):
            await create_home_row(
                work, viewer=somebody, rule=RowRule.NEW, language="en", name="New", position=0, target=RowTarget()
            )
        with pytest.raises(refusal):
            await fill_home_row(work, viewer=somebody, row_id=row.id, title_ids=[], expected_version=1)
        with pytest.raises(refusal):
            await remove_home_row(work, viewer=somebody, row_id=row.id, expected_version=1)
        with pytest.raises(refusal):
            await all_home_rows(reads, viewer=somebody, page=PageRequest(10))
    page = await all_home_rows(reads, viewer=editor, page=PageRequest(10))
    assert [found.version for found in page.items] == [1]


async def test_the_second_of_two_editors_is_told_to_load_again(work: Work, reads: Reads) -> None:
    editor = await create_editor(work)
    row = await create_row(work, editor=editor)
    named = await describe_home_row(
        work, viewer=editor, row_id=row.id, language="de", name="Auswahl", expected_version=1
    )
    assert [text.name for text in named.texts] == ["Auswahl", "Picks"]
    with pytest.raises(StaleVersion) as refused:
        await fill_home_row(
            work, viewer=editor, row_id=row.id, title_ids=[await create_draft(work, viewer=editor)], expected_version=1
        )
    assert refused.value.actual == 2
    assert (await work.connection.execute(text("SELECT count(*) FROM home_row_titles"))).scalar_one() == 0
    with pytest.raises(NotFound):
        await remove_home_row(work, viewer=editor, row_id=work.new_id(), expected_version=1)


async def test_every_change_says_who_made_it(work: Work) -> None:
    editor = await create_editor(work)
    row = await create_row(work, editor=editor)
    await arrange_home_row(
        work, viewer=editor, row_id=row.id, position=7, is_shown=False, target=RowTarget(), expected_version=1
    )
    await remove_home_row(work, viewer=editor, row_id=row.id, expected_version=2)
    await work.write_facts()
    told = [fact.body for fact in await read_facts(work.connection, "catalog", after=0) if fact.kind == "RowsChanged"]
    assert [body["change"] for body in told] == ["created", "arranged", "removed"]
    assert {(body["row_id"], body["changed_by"]) for body in told} == {(str(row.id), str(editor.account_id))}


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b"])
async def test_a_title_that_cannot_be_shown_is_refused(work: Work, name: str) -> None:
    editor = await create_editor(work)
    with pytest.raises(InvalidInput):
        await create_row(work, editor=editor, name=name)


@pytest.mark.parametrize("position", [-1, 1_000_001])
async def test_a_position_outside_the_screen_is_refused(work: Work, position: int) -> None:
    editor = await create_editor(work)
    with pytest.raises(InvalidInput):
        await create_row(work, editor=editor, position=position)


@pytest.mark.parametrize(
    ("target", "field"),
    [
        (RowTarget(territories=[]), "territories"),
        (RowTarget(territories=["de"]), "territories"),
        (RowTarget(territories=["DEU"]), "territories"),
        (RowTarget(device_classes=["FRIDGE"]), "deviceClasses"),
        (RowTarget(device_classes=[]), "deviceClasses"),
    ],
)
async def test_a_target_that_nobody_is_in_is_refused(work: Work, target: RowTarget, field: str) -> None:
    editor = await create_editor(work)
    with pytest.raises(InvalidInput) as refused:
        await create_row(work, editor=editor, target=target)
    assert refused.value.field == field


async def test_a_window_that_never_opens_is_refused(work: Work) -> None:
    editor = await create_editor(work)
    with pytest.raises(InvalidInput):
        await create_row(
            work, editor=editor, target=RowTarget(starts_at=work.now, ends_at=work.now - timedelta(seconds=1))
        )


async def test_a_row_holds_known_titles_once_each_and_not_too_many(work: Work, reads: Reads) -> None:
    editor = await create_editor(work)
    title = await create_draft(work, viewer=editor)
    row = await create_row(work, editor=editor)
    for bad in ([title, title], [title, work.new_id()], [work.new_id() for _ in range(201)]):
        with pytest.raises(InvalidInput):
            await fill_home_row(work, viewer=editor, row_id=row.id, title_ids=bad, expected_version=1)
    by_rule = await create_row(work, editor=editor, rule=RowRule.NEW)
    with pytest.raises(InvalidInput):
        await fill_home_row(work, viewer=editor, row_id=by_rule.id, title_ids=[title], expected_version=1)
    assert (await work.connection.execute(text("SELECT count(*) FROM home_row_titles"))).scalar_one() == 0
    (kept,) = await home_rows_by_id(reads, [row.id], viewer=editor, shared=Shared(), rings=0)
    assert kept is not None
    assert kept.version == 1


async def test_editors_page_through_all_rows_both_ways(work: Work, reads: Reads) -> None:
    editor = await create_editor(work)
    rows = [await create_row(work, editor=editor, position=number // 2) for number in range(5)]
    wanted = [row.id for row in rows]
    first = await all_home_rows(reads, viewer=editor, page=PageRequest(3))
    second = await all_home_rows(reads, viewer=editor, page=PageRequest(3, after=first.cursors[-1]))
    back = await all_home_rows(reads, viewer=editor, page=PageRequest(2, before=second.cursors[0], backwards=True))
    assert [row.id for page in (first, second) for row in page.items] == wanted
    assert [row.id for row in back.items] == wanted[1:3]
    assert [first.has_next, second.has_next, back.has_previous] == [True, False, True]
