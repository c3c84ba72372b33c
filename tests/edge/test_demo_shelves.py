"""The demo's titles have everything around them, however often they are arranged."""

from pathlib import Path
from uuid import UUID

from domain.catalog import TitleKind, create_title, grant_right, publish_title
from edge.demo.people import acting_editor
from edge.demo.shelves import arrange_demo
from edge.demo.titles import TITLES
from tests.graph_scene import open_scene

HOME = """{ home(first: 10) { nodes { title kind titles(first: 10) { nodes {
  name genres { name } ratings { system label } credits { role person { name } } markers { kind } } } } }
  collection(slug: "computed-worlds") { name titles(first: 10) { nodes { name } } } }"""


async def test_the_demo_is_arranged_once(database_url: str, tmp_path: Path) -> None:
    async with open_scene(database_url, tmp_path) as scene, acting_editor(scene.runtime) as editor:
        ids: dict[str, UUID] = {}
        for title in TITLES:
            async with scene.runtime.work() as work:
                made = await create_title(work, viewer=editor, kind=TitleKind.MOVIE, language="en", name=title.name)
                await grant_right(work, viewer=editor, title_id=made.id, territory="*", opens_at=work.now)
                await publish_title(work, viewer=editor, title_id=made.id, expected_version=1)
                ids[title.slug] = made.id
        for _ in range(2):
            await arrange_demo(scene.runtime, editor, ids)
        data = await scene.data(HOME)
    rows = {row["kind"]: row for row in data["home"]["nodes"]}
    assert set(rows) == {"EDITORIAL", "NEW"}
    picks = rows["EDITORIAL"]["titles"]["nodes"]
    assert [title["name"] for title in picks] == [title.name for title in TITLES]
    assert picks[0] == {
        "name": "Tidal Light",
        "genres": [{"name": "Nature"}],
        "ratings": [{"system": "FSK", "label": "0"}],
        "credits": [
            {"role": "DIRECTOR", "person": {"name": "Ada Render"}},
            {"role": "COMPOSER", "person": {"name": "Ada Render"}},
        ],
        "markers": [{"kind": "INTRO"}, {"kind": "CREDITS"}],
    }
    assert len(data["collection"]["titles"]["nodes"]) == len(TITLES)
