"""Titles, through the whole application."""

from tests.graph_scene import GraphScene

TITLES = """
query Titles($first: Int) {
  titles(first: $first) {
    nodes {
      id kind state name synopsis language releaseYear maturityAge version publishedAt durationSeconds
      poster(width: 500) { url width height }
      rights { id } assets { id }
      asset { id state hdr tracks { kind label } }
      resumePositionSeconds audioLanguages textLanguages
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""


async def test_a_stranger_sees_what_is_published(fresh_scene: GraphScene) -> None:
    made = await fresh_scene.playable()
    data = await fresh_scene.data(TITLES, {"first": 5})
    print(data)
    assert [node["name"] for node in data["titles"]["nodes"]] == ["Film"]
