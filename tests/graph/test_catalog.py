"""Titles, through the whole application."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.accounts import Role
from graph.global_ids import Kind, global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person

CARD = """
fragment Card on Title {
  id kind state name synopsis language releaseYear maturityAge version durationSeconds
  texts { language name }
  poster(width: 500) { url width height }
  rights { territory } assets { id }
  asset { state hdr width tracks { kind label trackClass } }
  resumePositionSeconds audioLanguages textLanguages
}
"""
TITLES = "query($first: Int, $after: String) { titles(first: $first, after: $after) { nodes { ...Card } } }" + CARD
PAGE = """
query($first: Int, $after: String, $last: Int, $before: String) {
  titles(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
TITLE = "query($id: ID!) { title(id: $id) { ...Card } }" + CARD
CREATE = """
mutation($input: CreateTitleInput!) {
  createTitle(input: $input) {
    __typename
    ... on TitleCreated { title { id name state version language } }
    ... on Problem { code message }
    ... on InvalidInput { field reason }
  }
}
"""


VERSION = "title { id state version }"


async def test_a_stranger_sees_what_is_published_with_everything_a_card_needs(fresh_scene: GraphScene) -> None:
    made = await fresh_scene.playable()
    await fresh_scene.draft(await fresh_scene.editor())
    (card,) = (await fresh_scene.data(TITLES, {"first": 5}))["titles"]["nodes"]
    assert card == {
        "id": global_id(Kind.TITLE, made.title_id),
        "kind": "MOVIE",
        "state": "PUBLISHED",
        "name": "Film",
        "synopsis": "",
        "language": "en",
        "releaseYear": None,
        "maturityAge": 0,
        "version": 2,
        "durationSeconds": 600.0,
        "texts": [{"language": "en", "name": "Film"}],
        "poster": {
            "url": f"http://marquee.example/posters/{made.asset_id}/640.jpg",
            "width": 640,
            "height": 360,
        },
        "rights": [],
        "assets": [],
        "asset": {
            "state": "READY",
            "hdr": False,
            "width": 1920,
            "tracks": [
                {"kind": "VIDEO", "label": "1080p", "trackClass": "HD"},
                {"kind": "VIDEO", "label": "360p", "trackClass": "SD"},
                {"kind": "AUDIO", "label": "English", "trackClass": "AUDIO"},
                {"kind": "AUDIO", "label": "Deutsch", "trackClass": "AUDIO"},
                {"kind": "TEXT", "label": "Français", "trackClass": None},
            ],
        },
        "resumePositionSeconds": None,
        "audioLanguages": ["en", "de"],
        "textLanguages": ["fr"],
    }


async def test_pages_go_both_ways_and_meet(fresh_scene: GraphScene) -> None:
    made = [global_id(Kind.TITLE, (await fresh_scene.playable()).title_id) for _ in range(5)]
    newest_first = made[::-1]
    first = (await fresh_scene.data(PAGE, {"first": 2}))["titles"]
    assert [edge["node"]["id"] for edge in first["edges"]] == newest_first[:2]
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][1]["cursor"],
    }
    second = (await fresh_scene.data(PAGE, {"first": 3, "after": first["pageInfo"]["endCursor"]}))["titles"]
    assert [edge["node"]["id"] for edge in second["edges"]] == newest_first[2:]
    assert second["pageInfo"]["hasNextPage"] is False
    back = (await fresh_scene.data(PAGE, {"last": 2, "before": second["pageInfo"]["startCursor"]}))["titles"]
    assert back["edges"] == first["edges"]


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"first": -1}, "first"),
        ({"last": 101}, "last"),
        ({"first": 1, "last": 1}, "last"),
        ({"first": 1, "after": "garbage"}, "cursor"),
        ({"first": 1, "after": "x" * 600}, "cursor"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(scene: GraphScene, variables: dict[str, Any], field: str) -> None:
    answer = await scene.ask(PAGE, variables)
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert answer["errors"][0]["extensions"]["field"] == field


async def test_a_cursor_of_another_list_is_refused(scene: GraphScene) -> None:
    editor = await scene.editor()
    await scene.upload(editor)
    uploads = await scene.data("{ uploads(first: 1) { edges { cursor } } }", by=editor)
    answer = await scene.ask(PAGE, {"first": 1, "after": uploads["uploads"]["edges"][0]["cursor"]})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"


async def test_texts_come_in_the_language_asked_for(scene: GraphScene) -> None:
    editor = await scene.editor()
    made = await scene.playable()
    id = global_id(Kind.TITLE, made.title_id)
    values = {"titleId": id, "language": "de", "name": "Spielfilm", "synopsis": "Gut.", "expectedVersion": 2}
    await scene.data(change("describeTitle", "TitleDescribed", VERSION), {"input": values}, by=editor)
    query = "query($id: ID!) { title(id: $id) { name language } }"

    async def shown(languages: str, by: Person | None = None) -> Any:
        answer = await scene.ask(query, {"id": id}, by=by, headers={"accept-language": languages})
        return answer["data"]["title"]

    german, english = {"name": "Spielfilm", "language": "de"}, {"name": "Film", "language": "en"}
    assert await shown("fr, de;q=0.8, en;q=0.3") == german
    assert await shown("de-AT") == german
    assert await shown("en;q=0.1, de;q=0") == english
    assert await shown("*, ;;;=, x" * 50) == english
    assert await shown("en", by=await scene.person(language="de")) == german


async def test_an_editor_makes_describes_opens_publishes_and_withdraws_a_title(scene: GraphScene) -> None:
    editor = await scene.editor()
    values = {"kind": "MOVIE", "language": "en", "name": " Pilot ", "releaseYear": 2029, "maturityAge": 12}
    made = (await scene.data(CREATE, {"input": values}, by=editor))["createTitle"]
    id = made["title"].pop("id")
    assert made == {
        "__typename": "TitleCreated",
        "title": {"name": "Pilot", "state": "DRAFT", "version": 1, "language": "en"},
    }
    opens = datetime.now(UTC) - timedelta(days=1)
    granted = await scene.data(
        change("grantRight", "RightGranted", "right { id territory opensAt closesAt } title { rights { id } }"),
        {"input": {"titleId": id, "territory": "DE", "opensAt": opens.isoformat()}},
        by=editor,
    )
    right = granted["grantRight"]["right"]
    assert granted["grantRight"]["title"] == {"rights": [{"id": right["id"]}]}
    assert right["opensAt"] == opens.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    published = await scene.data(
        change("publishTitle", "TitlePublished", VERSION), {"input": {"titleId": id, "expectedVersion": 1}}, by=editor
    )
    assert published["publishTitle"]["title"] == {"id": id, "state": "PUBLISHED", "version": 2}
    assert (await scene.data(TITLE, {"id": id}, by=await scene.person()))["title"]["name"] == "Pilot"
    revoked = await scene.data(
        change("revokeRight", "RightRevoked", "title { id }"), {"input": {"rightId": right["id"]}}, by=editor
    )
    assert revoked["revokeRight"]["title"] == {"id": id}
    assert (await scene.data(TITLE, {"id": id}, by=await scene.person()))["title"] is None
    withdrawn = await scene.data(
        change("withdrawTitle", "TitleWithdrawn", VERSION), {"input": {"titleId": id, "expectedVersion": 2}}, by=editor
    )
    assert withdrawn["withdrawTitle"]["title"] == {"id": id, "state": "WITHDRAWN", "version": 3}


async def test_a_change_against_an_old_version_says_which_is_current(scene: GraphScene) -> None:
    editor = await scene.editor()
    id = global_id(Kind.TITLE, await scene.draft(editor))
    asked = change("publishTitle", "TitlePublished", VERSION, problems="... on StaleVersion { expected actual }")
    answer = await scene.data(asked, {"input": {"titleId": id, "expectedVersion": 7}}, by=editor)
    problem = answer["publishTitle"]
    assert (problem["__typename"], problem["code"]) == ("StaleVersion", "STALE_VERSION")
    assert (problem["expected"], problem["actual"]) == (7, 1)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"language": "not a language"}, "language"),
        ({"releaseYear": 12}, "releaseYear"),
        ({"maturityAge": 99}, "maturityAge"),
        ({"synopsis": "x" * 5001}, "synopsis"),
    ],
)
async def test_a_title_with_a_bad_value_is_refused_by_its_field(
    scene: GraphScene, values: dict[str, Any], field: str
) -> None:
    editor, before = await scene.editor(), await scene.count("titles")
    complete = {"kind": "CLIP", "language": "en", "name": "Clip", **values}
    refused = (await scene.data(CREATE, {"input": complete}, by=editor))["createTitle"]
    assert (refused["__typename"], refused["code"], refused["field"]) == ("InvalidInput", "INVALID_INPUT", field)
    assert await scene.count("titles") == before


async def test_a_viewer_may_not_edit(scene: GraphScene) -> None:
    values = {"kind": "CLIP", "language": "en", "name": "Clip"}
    refused = (await scene.data(CREATE, {"input": values}, by=await scene.person()))["createTitle"]
    assert (refused["__typename"], refused["code"]) == ("Forbidden", "FORBIDDEN")


async def test_overlapping_rights_are_refused(scene: GraphScene) -> None:
    editor = await scene.editor()
    made = await scene.playable(territory="DE")
    id = global_id(Kind.TITLE, made.title_id)
    values = {"titleId": id, "territory": "DE", "opensAt": "2020-01-01T00:00:00Z"}
    answer = await scene.data(change("grantRight", "RightGranted", "title { id }"), {"input": values}, by=editor)
    assert answer["grantRight"]["code"] == "RIGHT_OVERLAPS"
    assert len((await scene.data(TITLE, {"id": id}, by=editor))["title"]["rights"]) == 1


@pytest.mark.parametrize("instant", ["2030-01-01T12:00:00", "yesterday", "", "2030-13-01T00:00:00Z", 5, "9" * 100])
async def test_an_instant_without_an_offset_is_no_instant(scene: GraphScene, instant: object) -> None:
    values = {"titleId": "x", "territory": "DE", "opensAt": instant}
    answer = await scene.ask(change("grantRight", "RightGranted", "title { id }"), {"input": values})
    assert "data" not in answer
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_only_editors_see_drafts_rights_and_assets(scene: GraphScene) -> None:
    editor = await scene.editor()
    id = global_id(Kind.TITLE, await scene.draft(editor))
    assert (await scene.data(TITLE, {"id": id}, by=await scene.editor()))["title"]["state"] == "DRAFT"
    assert (await scene.data(TITLE, {"id": id}, by=await scene.person(Role.VIEWER)))["title"] is None
    made = await scene.playable(territory="DE")
    shown = (await scene.data(TITLE, {"id": global_id(Kind.TITLE, made.title_id)}, by=editor))["title"]
    assert shown["rights"] == [{"territory": "DE"}]
    assert shown["assets"] == [{"id": global_id(Kind.ASSET, made.asset_id)}]


async def test_posters_come_in_the_next_larger_size(scene: GraphScene) -> None:
    made = await scene.playable()
    query = "query($id: ID!, $width: Int!) { title(id: $id) { poster(width: $width) { width } } }"
    widths = [
        (await scene.data(query, {"id": global_id(Kind.TITLE, made.title_id), "width": width}))["title"]["poster"][
            "width"
        ]
        for width in (-5, 1, 320, 321, 1280, 9999)
    ]
    assert widths == [320, 320, 320, 640, 1280, 1280]
