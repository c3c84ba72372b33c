"""The audit log: everything is in it, and nothing in it can be changed."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from domain.accounts import Viewer
from domain.catalog import (
    Title,
    TitleKind,
    create_title,
    describe_title,
    grant_right,
    publish_title,
    revoke_right,
)
from domain.catalog.audit import AuditEntry, FieldChange, Operation, audit_log
from domain.kernel.paging import PageRequest, encode_cursor
from domain.kernel.refusals import Forbidden, InvalidInput, SignInRequired, StaleVersion
from domain.kernel.work import Work
from tests.arrange import create_editor, create_viewer


async def draft(work: Work, editor: Viewer) -> Title:
    return await create_title(work, viewer=editor, kind=TitleKind.MOVIE, language="en", name="Film")


async def log_of(work: Work, editor: Viewer, title: Title) -> list[AuditEntry]:
    """The log of a title, the oldest first."""
    page = await audit_log(work.reads(), viewer=editor, page=PageRequest(100), title_id=title.id)
    return list(reversed(page.items))


async def test_every_direct_edit_is_logged_with_who_when_and_what(work: Work) -> None:
    editor, other = await create_editor(work), await create_editor(work)
    title = await draft(work, editor)
    await describe_title(
        work, viewer=other, title_id=title.id, language="en", name="Movie", synopsis="", expected_version=1
    )
    right = await grant_right(work, viewer=editor, title_id=title.id, territory="DE", opens_at=work.now)
    await publish_title(work, viewer=editor, title_id=title.id, expected_version=2)
    await revoke_right(work, viewer=other, right_id=right.id)
    log = await log_of(work, editor, title)
    assert [(one.action, one.subject, one.operation, one.account_id) for one in log] == [
        ("create_title", "titles", Operation.CREATED, editor.account_id),
        ("create_title", "title_texts", Operation.CREATED, editor.account_id),
        ("describe_title", "titles", Operation.CHANGED, other.account_id),
        ("describe_title", "title_texts", Operation.CHANGED, other.account_id),
        ("grant_right", "title_rights", Operation.CREATED, editor.account_id),
        ("publish_title", "titles", Operation.CHANGED, editor.account_id),
        ("revoke_right", "title_rights", Operation.REMOVED, other.account_id),
    ]
    assert {one.at for one in log} == {work.now}
    assert log[2].changes == [FieldChange("version", 1, 2)]
    assert log[3].changes == [FieldChange("name", "Film", "Movie")]
    assert [change.field for change in log[5].changes] == ["published_at", "state", "version"]
    assert log[6].before is not None
    assert log[6].before["territory"] == "DE"


async def test_what_changes_nothing_is_not_logged(work: Work) -> None:
    editor = await create_editor(work)
    title = await draft(work, editor)
    before = len(await log_of(work, editor, title))
    await work.connection.execute(text("UPDATE titles SET version = version"))
    with pytest.raises(StaleVersion):
        await publish_title(work, viewer=editor, title_id=title.id, expected_version=9)
    assert len(await log_of(work, editor, title)) == before


async def test_an_edit_past_the_verbs_is_logged_all_the_same(work: Work) -> None:
    editor = await create_editor(work)
    title = await draft(work, editor)
    await work.connection.execute(
        text("SELECT set_config('marquee.account', '', true), set_config('marquee.action', '', true)")
    )
    await work.connection.execute(text("UPDATE title_texts SET name = 'By hand'"))
    (*_, last) = await log_of(work, editor, title)
    assert (last.account_id, last.action, last.changes) == (None, "unnamed", [FieldChange("name", "Film", "By hand")])


@pytest.mark.parametrize(
    "statement",
    ["UPDATE editorial_log SET action = 'x'", "DELETE FROM editorial_log", "TRUNCATE editorial_log"],
)
async def test_the_database_refuses_to_change_or_delete_the_log(work: Work, statement: str) -> None:
    editor = await create_editor(work)
    title = await draft(work, editor)
    with pytest.raises(IntegrityError, match="append-only"):
        async with work.connection.begin_nested():
            await work.connection.execute(text(statement))
    assert len(await log_of(work, editor, title)) == 2


async def test_only_editors_read_the_log(work: Work) -> None:
    viewer = await create_viewer(work)
    for somebody, refusal in ((viewer, Forbidden), (None, SignInRequired)):
        with pytest.raises(refusal):
            await audit_log(work.reads(), viewer=somebody, page=PageRequest(10))


async def test_the_log_is_paged_both_ways(work: Work) -> None:
    editor = await create_editor(work)
    title = await draft(work, editor)
    for number in range(3):
        opens_at = work.now + timedelta(days=number)
        await grant_right(
            work, viewer=editor, title_id=title.id, territory="DE", opens_at=opens_at,
            closes_at=opens_at + timedelta(days=1),
        )  # fmt: skip

    async def page(**wanted: object) -> list[int]:
        found = await audit_log(
            work.reads(),
            viewer=editor,
            page=PageRequest.parse(**wanted),
            title_id=title.id,  # type: ignore[arg-type]  # as a client gives them
        )
        cursors.extend(found.cursors)
        return [entry.number for entry in found.items]

    cursors: list[str] = []
    newest = await page(first=3)
    assert await page(first=3, after=cursors[2]) == [newest[2] - 1, newest[2] - 2]
    assert await page(last=2, before=cursors[3]) == newest[1:]
    for cursor in (encode_cursor("titles", 1), encode_cursor("audit", "x"), encode_cursor("audit")):
        with pytest.raises(InvalidInput):
            await page(first=1, after=cursor)
