"""The home screen through the graph."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from graph.global_ids import Kind, global_id
from tests.graph_scene import GraphScene, Person

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
        id = work.new_id()
        values = {"id": id, "position": position, "by": editor.viewer.account_id, "at": work.now, "name": name}
        await work.connection.execute(
            text(
                "INSERT INTO home_rows"
                " (id, rule, position, default_language, is_shown, version, created_by, created_at)"
                " VALUES (:id, 'EDITORIAL', :position, 'en', true, 1, :by, :at)"
            ),
            values,
        )
        await work.connection.execute(
            text("INSERT INTO home_row_texts (row_id, language, name) VALUES (:id, 'en', :name)"), values
        )
        for place, title_id in enumerate(title_ids):
            await work.connection.execute(
                text("INSERT INTO home_row_titles (row_id, position, title_id) VALUES (:id, :place, :title_id)"),
                {"id": id, "place": place, "title_id": title_id},
            )
    return global_id(Kind.HOME_ROW, id)


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
