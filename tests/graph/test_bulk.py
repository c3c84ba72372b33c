"""Files of titles, through the whole application: begun, followed, reported, downloaded."""

import asyncio
from contextlib import aclosing
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.catalog.importing import RowCode, RowProblem, read_row
from domain.catalog.importing.records import Place
from domain.kernel.refusals import NotFound
from domain.media.imports import finish_import, running_import, write_batch
from domain.media.title_import import ImportState
from graph.catalog.bulk import follow_import
from graph.context import Caller, Context
from graph.global_ids import Kind, global_id, parse_global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person

SHOWN = "id state format mode fraction rowsRead created updated unchanged failed fault faultDetail"
BEGIN = change("importTitles", "TitlesImported", f"titleImport {{ {SHOWN} }}")
CANCEL = change("cancelImport", "ImportCancelled", "titleImport { state }", "... on ImportSettled { state }")
LOOK = f"""query($id: ID!, $first: Int, $after: String) {{ titleImport(id: $id) {{ {SHOWN} reportUrl
  problems(first: $first, after: $after) {{
    nodes {{ line externalId field code message }} pageInfo {{ hasNextPage endCursor }}
  }} }} }}"""
LIST = "{ titleImports(first: 5) { nodes { id } } }"


async def begin(scene: GraphScene, editor: Person, **values: Any) -> dict[str, Any]:
    upload_id = global_id(Kind.UPLOAD, await scene.upload(editor))
    given = {"uploadId": upload_id, "format": "CSV", "idempotencyKey": uuid4().hex, **values}
    answer: dict[str, Any] = (await scene.data(BEGIN, {"input": given}, by=editor))["importTitles"]
    return answer


def key_of(id: str) -> UUID:
    parsed = parse_global_id(id)
    assert parsed is not None
    return parsed[1]


def context(scene: GraphScene, by: Person) -> Context:
    return Context.of(scene.runtime, Caller(viewer=by.viewer), operation_id="x")


async def write(scene: GraphScene, id: str, *, end: bool = True) -> None:
    """Do what a worker does with a good row and two bad ones."""
    texts = {"en": {"name": "Ada"}}
    row = read_row(2, {"external_id": uuid4().hex, "kind": "MOVIE", "default_language": "en", "texts": texts})
    problems = [
        RowProblem(3, "=x", "kind", RowCode.INVALID, "No."),
        RowProblem(4, None, "", RowCode.NOT_UTF8, "No."),
    ]
    async with scene.runtime.work() as work:
        before = await running_import(work, import_id=key_of(id))
        assert before is not None
        await write_batch(
            work, before=before, rows=[row], problems=problems, place=Place(500, 5), columns=["external_id"], failed=2
        )
        if end:
            await finish_import(work, import_id=key_of(id))


async def test_an_import_is_followed_to_its_report(scene: GraphScene) -> None:
    editor = await scene.editor()
    begun = (await begin(scene, editor))["titleImport"]
    assert begun == {
        "id": begun["id"], "state": "RUNNING", "format": "CSV", "mode": "UPSERT", "fraction": 0.0, "rowsRead": 0,
        "created": 0, "updated": 0, "unchanged": 0, "failed": 0, "fault": None, "faultDetail": None,
    }  # fmt: skip
    await write(scene, begun["id"])
    found = (await scene.data(LOOK, {"id": begun["id"], "first": 1}, by=editor))["titleImport"]
    assert (found["state"], found["rowsRead"], found["created"], found["failed"]) == ("DONE", 3, 1, 2)
    first = found["problems"]
    assert first["nodes"] == [{"line": 3, "externalId": "=x", "field": "kind", "code": "INVALID", "message": "No."}]
    assert first["pageInfo"]["hasNextPage"] is True
    rest = await scene.data(LOOK, {"id": begun["id"], "after": first["pageInfo"]["endCursor"]}, by=editor)
    assert [one["line"] for one in rest["titleImport"]["problems"]["nodes"]] == [4]
    assert (await scene.data(LIST, by=editor))["titleImports"]["nodes"] == [{"id": begun["id"]}]


async def test_the_same_key_begins_one_import_and_another_input_is_refused(scene: GraphScene) -> None:
    editor = await scene.editor()
    given = {
        "uploadId": global_id(Kind.UPLOAD, await scene.upload(editor)), "format": "CSV", "idempotencyKey": uuid4().hex,
    }  # fmt: skip
    first = await begin(scene, editor, **given)
    assert await begin(scene, editor, **given) == first
    changed = await begin(scene, editor, **given | {"format": "JSON_LINES"})
    assert changed["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_an_import_is_called_off_once(scene: GraphScene) -> None:
    editor = await scene.editor()
    id = (await begin(scene, editor))["titleImport"]["id"]
    answer = (await scene.data(CANCEL, {"input": {"titleImportId": id}}, by=editor))["cancelImport"]
    assert answer["titleImport"] == {"state": "CANCELLED"}
    again = (await scene.data(CANCEL, {"input": {"titleImportId": id}}, by=editor))["cancelImport"]
    assert (again["code"], again["state"]) == ("IMPORT_SETTLED", "CANCELLED")


async def test_nobody_else_sees_an_import(scene: GraphScene) -> None:
    editor, other, viewer = await scene.editor(), await scene.editor(), await scene.person()
    id = (await begin(scene, editor))["titleImport"]["id"]
    for by in (other, viewer, None):
        assert (await scene.data(LOOK, {"id": id}, by=by))["titleImport"] is None


async def test_a_cursor_of_another_report_is_refused(scene: GraphScene) -> None:
    editor = await scene.editor()
    ids = [(await begin(scene, editor))["titleImport"]["id"] for _ in range(2)]
    for id in ids:
        await write(scene, id)
    page = (await scene.data(LOOK, {"id": ids[0], "first": 1}, by=editor))["titleImport"]["problems"]
    answer = await scene.ask(LOOK, {"id": ids[1], "after": page["pageInfo"]["endCursor"]}, by=editor)
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_reports_and_exports_are_downloaded_by_editors_only(scene: GraphScene) -> None:
    editor, other, viewer = await scene.editor(), await scene.editor(), await scene.person()
    begun = (await begin(scene, editor))["titleImport"]
    await write(scene, begun["id"])
    found = (await scene.data(LOOK, {"id": begun["id"]}, by=editor))["titleImport"]
    report = found["reportUrl"].removeprefix("http://marquee.example")
    answer = await scene.client.get(scene.url + report, headers=editor.headers)
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="report.csv"'
    assert answer.text.splitlines()[1:] == ["3,'=x,kind,INVALID,No.", "4,,,NOT_UTF8,No."]
    assert (await scene.client.get(scene.url + report, headers=other.headers)).status_code == 404
    for path in (report, "/exports/titles.csv", "/exports/titles.jsonl", "/imports/garbage/report.csv"):
        for headers in (viewer.headers, {}):
            answer = await scene.client.get(scene.url + path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    for path in ("/exports/titles.csv", "/exports/titles.jsonl"):
        assert "Ada" in (await scene.client.get(scene.url + path, headers=editor.headers)).text


async def test_progress_is_told_until_the_end_and_to_nobody_else(scene: GraphScene) -> None:
    editor, other = await scene.editor(), await scene.editor()
    id = (await begin(scene, editor))["titleImport"]["id"]
    key = key_of(id)
    with pytest.raises(NotFound):
        await anext(follow_import(context(scene, other), key))
    told = []
    async with asyncio.timeout(10), aclosing(follow_import(context(scene, editor), key, pace_s=0)) as followed:
        async for row in followed:
            told.append((row.state, row.failed))
            if row.state is ImportState.RUNNING:
                await write(scene, id)
    assert told == [(ImportState.RUNNING, 0), (ImportState.DONE, 2)]
