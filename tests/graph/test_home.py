"""The home screen through the graph."""

from typing import Any
from uuid import UUID

from graph.global_ids import Kind, global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person
from tests.home_rows import create_row

HOME = """
query Home($rows: Int, $after: String, $first: Int) {
  home(first: $rows, after: $after) {
    nodes { id title kind titles(first: $first) { nodes { id name } pageInfo { hasNextPage endCursor } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
ROW = """
query Row($id: ID!, $after: String, $before: String, $first: Int, $last: Int) {
  node(id: $id) {
    ... on HomeRow {
      titles(first: $first, last: $last, after: $after, before: $before) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
}
"""


async def row_of(
    scene: GraphScene, editor: Person, title_ids: list[UUID], *, name: str = "Picks", position: int = 0
) -> str:
    async with scene.runtime.work() as work:
        row = await create_row(work, editor=editor.viewer, title_ids=title_ids, name=name, position=position)
    return global_id(Kind.HOME_ROW, row.id)


def ids(nodes: list[dict[str, Any]]) -> list[str]:
    return [node["id"] for node in nodes]


async def test_rows_come_in_their_order_with_what_the_viewer_may_find(fresh_scene: GraphScene) -> None:
    scene, editor, viewer = fresh_scene, await fresh_scene.editor(), await fresh_scene.person()
    here, there = await scene.playable(territory="DE"), await scene.playable(territory="JP")
    second = await row_of(scene, editor, [there.title_id, here.title_id], name="Second", position=2)
    first = await row_of(scene, editor, [here.title_id], name="First", position=1)
    shown = (await scene.data(HOME, by=viewer))["home"]
    assert [(row["id"], row["title"], row["kind"]) for row in shown["nodes"]] == [
        (first, "First", "EDITORIAL"),
        (second, "Second", "EDITORIAL"),
    ]
    title = {"id": global_id(Kind.TITLE, here.title_id), "name": "Film"}
    assert [row["titles"]["nodes"] for row in shown["nodes"]] == [[title], [title]]


async def test_a_row_is_paged_both_ways_by_its_own_cursors_only(fresh_scene: GraphScene) -> None:
    scene, editor = fresh_scene, await fresh_scene.editor()
    made = [(await scene.playable()).title_id for _ in range(5)]
    wanted = [global_id(Kind.TITLE, id) for id in made]
    row = await row_of(scene, editor, made)
    other = await row_of(scene, editor, made, position=1)
    first = (await scene.data(ROW, {"id": row, "first": 2}))["node"]["titles"]
    next_ = (await scene.data(ROW, {"id": row, "first": 2, "after": first["pageInfo"]["endCursor"]}))["node"]["titles"]
    last = (await scene.data(ROW, {"id": row, "last": 2}))["node"]["titles"]
    back = (await scene.data(ROW, {"id": row, "last": 2, "before": next_["pageInfo"]["startCursor"]}))["node"]["titles"]
    assert [ids(page["nodes"]) for page in (first, next_, last, back)] == [
        wanted[:2], wanted[2:4], wanted[3:], wanted[:2],
    ]  # fmt: skip
    assert [first["pageInfo"]["hasNextPage"], last["pageInfo"]["hasNextPage"]] == [True, False]
    refused = await scene.ask(ROW, {"id": other, "first": 2, "after": first["pageInfo"]["endCursor"]})
    assert refused["data"]["node"]["titles"] is None
    assert refused["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_the_screen_itself_is_paged(fresh_scene: GraphScene) -> None:
    scene, editor = fresh_scene, await fresh_scene.editor()
    title = (await scene.playable()).title_id
    rows = [await row_of(scene, editor, [title], position=position // 2) for position in range(5)]
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = (await scene.data(HOME, {"rows": 2, "after": after}))["home"]
        seen += ids(page["nodes"])
        after = page["pageInfo"]["endCursor"]
    assert seen == sorted(rows, key=rows.index)
    assert page["pageInfo"]["hasNextPage"] is False


async def test_an_edit_shows_in_the_next_response(fresh_scene: GraphScene) -> None:
    scene, editor, viewer = fresh_scene, await fresh_scene.editor(), await fresh_scene.person()
    one, two = [global_id(Kind.TITLE, (await scene.playable()).title_id) for _ in range(2)]

    async def seen() -> list[tuple[str, list[str]]]:
        nodes = (await scene.data(HOME, by=viewer))["home"]["nodes"]
        return [(row["title"], ids(row["titles"]["nodes"])) for row in nodes]

    async def edit(name: str, payload: str, selection: str, **values: Any) -> Any:
        answer = (await scene.data(change(name, payload, selection), {"input": values}, by=editor))[name]
        assert answer["__typename"] == payload, answer
        return answer

    row_id = (
        await edit(
            "createHomeRow", "HomeRowCreated", "row { id }", kind="EDITORIAL", language="en", title="Picks", position=1
        )
    )["row"]["id"]
    assert await seen() == []
    await edit("fillHomeRow", "HomeRowFilled", "row { version }", rowId=row_id, titleIds=[one, two], expectedVersion=1)
    assert await seen() == [("Picks", [one, two])]
    await edit("fillHomeRow", "HomeRowFilled", "row { version }", rowId=row_id, titleIds=[two], expectedVersion=2)
    await edit(
        "describeHomeRow",
        "HomeRowDescribed",
        "row { title }",
        rowId=row_id,
        language="en",
        title="Best",
        expectedVersion=3,
    )
    assert await seen() == [("Best", [two])]
    await edit("withdrawTitle", "TitleWithdrawn", "title { id }", titleId=two, expectedVersion=2)
    assert await seen() == []
    await edit("publishTitle", "TitlePublished", "title { id }", titleId=two, expectedVersion=3)
    assert await seen() == [("Best", [two])]
    target = {"territories": ["JP"], "audience": "KIDS", "startsAt": "2020-01-01T00:00:00.000Z"}
    arranged = await edit(
        "arrangeHomeRow",
        "HomeRowArranged",
        "row { version position isShown texts { language title } target { territories audience startsAt endsAt } }",
        rowId=row_id, position=3, isShown=True, target=target, expectedVersion=4,
    )  # fmt: skip
    assert arranged["row"] == {
        "version": 5, "position": 3, "isShown": True, "texts": [{"language": "en", "title": "Best"}],
        "target": {**target, "endsAt": None},
    }  # fmt: skip
    assert await seen() == []
    listed = (await scene.data("{ homeRows(first: 5) { nodes { id version } } }", by=editor))["homeRows"]["nodes"]
    assert listed == [{"id": row_id, "version": 5}]
    await edit("removeHomeRow", "HomeRowRemoved", "rowId", rowId=row_id, expectedVersion=5)
    assert (await scene.data("{ homeRows(first: 5) { nodes { id } } }", by=editor))["homeRows"]["nodes"] == []


async def test_editors_details_are_hidden_from_viewers(fresh_scene: GraphScene) -> None:
    scene, editor = fresh_scene, await fresh_scene.editor()
    row = await row_of(scene, editor, [(await scene.playable()).title_id])
    query = "query($id: ID!) { node(id: $id) { ... on HomeRow { texts { title } target { audience } } } }"
    assert (await scene.data(query, {"id": row}))["node"] == {"texts": [], "target": None}
    refused = await scene.ask("{ homeRows { nodes { id } } }", by=await scene.person())
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
