"""Search through the graph."""

from typing import Any

import pytest
from sqlalchemy import text

from domain.search import index_next
from graph.global_ids import Kind, global_id
from tests.graph_scene import GraphScene

SEARCH = """query Search($text: String!, $filters: SearchFilters, $first: Int, $after: String) {
  search(text: $text, filters: $filters) {
    titles(first: $first, after: $after) { nodes { id name } pageInfo { hasNextPage endCursor } } matches corrected
    facets { kinds { value count } genres { value } audioLanguages { value count } }
  }
  suggestions(text: $text, first: 3) { text title { id } }
}"""


async def indexed(scene: GraphScene) -> None:
    more = True
    while more:
        async with scene.runtime.work() as work:
            more = await index_next(work)


async def asked(scene: GraphScene, words: str, **more: Any) -> Any:
    return await scene.data(SEARCH, {"text": words, **more})


async def test_titles_are_found_with_what_could_be_filtered_by(fresh_scene: GraphScene) -> None:
    made = [await fresh_scene.playable() for _ in range(2)]
    ids = {global_id(Kind.TITLE, one.title_id) for one in made}
    await indexed(fresh_scene)
    found = await asked(fresh_scene, "films", first=1)
    page = found["search"]["titles"]
    assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (1, True)
    rest = (await asked(fresh_scene, "films", first=5, after=page["pageInfo"]["endCursor"]))["search"]["titles"]
    assert {node["id"] for node in [*page["nodes"], *rest["nodes"]]} == ids
    del found["search"]["titles"]
    assert found["search"] == {
        "matches": 2,
        "corrected": None,
        "facets": {
            "kinds": [{"value": "MOVIE", "count": 2}],
            "genres": [],
            "audioLanguages": [{"value": "de", "count": 2}, {"value": "en", "count": 2}],
        },
    }
    assert {one["title"]["id"] for one in found["suggestions"]} == ids
    assert [one["text"] for one in found["suggestions"]] == ["Film", "Film"]
    none = (await asked(fresh_scene, "film", filters={"kinds": ["CLIP"]}))["search"]
    assert (none["titles"]["nodes"], none["matches"]) == ([], 0)
    assert (await asked(fresh_scene, "fillm"))["search"]["corrected"] == "film"


async def test_two_indexers_at_once_index_everything_once(fresh_scene: GraphScene) -> None:
    await fresh_scene.playable()
    async with fresh_scene.runtime.work() as first:
        assert await index_next(first)
        async with fresh_scene.runtime.work() as second:
            assert not await index_next(second)
    await indexed(fresh_scene)
    async with fresh_scene.runtime.database.read() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM search_documents")) == 1


@pytest.mark.parametrize(("text", "more"), [("x" * 201, {}), ("film", {"after": "garbage"}), ("film", {"first": 101})])
async def test_what_cannot_be_asked_is_an_error_that_says_so(
    scene: GraphScene, text: str, more: dict[str, Any]
) -> None:
    answer = await scene.ask(SEARCH, {"text": text, **more})
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"INVALID_INPUT"}
