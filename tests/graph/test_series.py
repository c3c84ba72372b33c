"""A series with everything around it, as a page of it asks for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.graph_scene import GraphScene, Person

PAGE = """query Page($id: ID!) { title(id: $id) {
  name kind number seasonNumber originalLanguage
  series { name } season { name number }
  seasons(first: 10) { nodes { name number } }
  episodes(first: 10) { nodes { number name nextEpisode { number seasonNumber } } pageInfo { hasNextPage } }
  nextEpisode { name }
  credits { role character person { name biography titles(first: 5) { nodes { name } } } }
  genres { slug name } tags { name } collections { slug name titles(first: 3) { nodes { name } } }
  ratings { system label age } availability { opensAt closesAt plans }
  extras { kind title { name kind } } markers { kind startsAtSeconds endsAtSeconds }
  chapters { startsAtSeconds name language }
} }"""


async def done(scene: GraphScene, editor: Person, verb: str, result: str, fields: str, /, **input: Any) -> Any:
    """Send a mutation that must succeed and return its payload."""
    asked = f"""mutation($input: {verb[0].upper()}{verb[1:]}Input!) {{ {verb}(input: $input) {{
      __typename ... on {result} {{ {fields} }} ... on Problem {{ code message }} }} }}"""
    answer = (await scene.data(asked, {"input": input}, by=editor))[verb]
    assert answer["__typename"] == result, answer
    return answer


async def make(scene: GraphScene, editor: Person, kind: str, name: str, **more: Any) -> str:
    """Make and publish a title."""
    made = await done(
        scene, editor, "createTitle", "TitleCreated", "title { id }", kind=kind, language="en", name=name, **more
    )
    id: str = made["title"]["id"]
    opens = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    await done(scene, editor, "grantRight", "RightGranted", "right { id }", titleId=id, territory="*", opensAt=opens)
    await done(scene, editor, "publishTitle", "TitlePublished", "title { id }", titleId=id, expectedVersion=1)
    return id


async def test_a_series_is_shown_with_everything_around_it(scene: GraphScene) -> None:
    editor, viewer = await scene.editor(), await scene.person(language="de")
    series = await make(scene, editor, "SERIES", "Show", originalLanguage="da")
    season = await make(scene, editor, "SEASON", "First season", parentId=series, number=1)
    one = await make(scene, editor, "EPISODE", "Pilot", parentId=season, number=1)
    await make(scene, editor, "EPISODE", "Second", parentId=season, number=2)
    later = await make(scene, editor, "SEASON", "Second season", parentId=series, number=2)
    await make(scene, editor, "EPISODE", "Return", parentId=later, number=1)
    clip = await make(scene, editor, "CLIP", "Trailer of it")

    person = (
        await done(scene, editor, "createPerson", "PersonCreated", "person { id }", language="en", name="Ada Byron")
    )["person"]["id"]
    await done(
        scene, editor, "describePerson", "PersonDescribed", "person { version }",
        personId=person, language="de", name="Ada Byron", biography="Dichterin der Zahlen", expectedVersion=1,
    )  # fmt: skip
    genre = (
        await done(
            scene, editor, "createTag", "TagCreated", "tag { id }",
            kind="GENRE", slug="krimi", language="de", name="Krimi",
        )
    )["tag"]["id"]  # fmt: skip
    mood = (
        await done(
            scene, editor, "createTag", "TagCreated", "tag { id }",
            kind="TAG", slug="dark", language="en", name="Dark",
        )
    )["tag"]["id"]  # fmt: skip
    collection = (
        await done(
            scene, editor, "createCollection", "CollectionCreated", "collection { id }",
            slug="north", language="en", name="From the north",
        )
    )["collection"]["id"]  # fmt: skip
    await done(
        scene, editor, "fillCollection", "CollectionFilled", "collection { version }",
        collectionId=collection, titleIds=[series], expectedVersion=1,
    )  # fmt: skip
    for version, (name, result, more) in enumerate(
        [
            ("setCredits", "CreditsSet", {"credits": [{"personId": person, "role": "ACTOR", "character": "Saga"}]}),
            ("setTags", "TagsSet", {"tagIds": [mood, genre]}),
            ("setRatings", "RatingsSet", {"ratings": [{"system": "FSK", "label": "16"}]}),
            ("setExtras", "ExtrasSet", {"extras": [{"titleId": clip, "kind": "TRAILER"}]}),
            ("setMarkers", "MarkersSet", {"markers": [{"kind": "INTRO", "startsAtSeconds": 1, "endsAtSeconds": 2.5}]}),
            ("setChapters", "ChaptersSet", {"language": "en", "chapters": [{"startsAtSeconds": 0, "name": "Start"}]}),
        ],
        start=2,
    ):
        answer = await done(
            scene, editor, name, result, "title { version }", titleId=series, expectedVersion=version, **more
        )
        assert answer["title"] == {"version": version + 1}

    shown = (await scene.data(PAGE, {"id": series}, by=viewer))["title"]
    opens_at = shown["availability"].pop("opensAt")
    assert opens_at.endswith("Z")
    assert shown == {
        "name": "Show", "kind": "SERIES", "number": None, "seasonNumber": None, "originalLanguage": "da",
        "series": None, "season": None,
        "seasons": {"nodes": [{"name": "First season", "number": 1}, {"name": "Second season", "number": 2}]},
        "episodes": {"nodes": [], "pageInfo": {"hasNextPage": False}},
        "nextEpisode": None,
        "credits": [{
            "role": "ACTOR", "character": "Saga",
            "person": {
                "name": "Ada Byron", "biography": "Dichterin der Zahlen", "titles": {"nodes": [{"name": "Show"}]},
            },
        }],
        "genres": [{"slug": "krimi", "name": "Krimi"}], "tags": [{"name": "Dark"}],
        "collections": [{"slug": "north", "name": "From the north", "titles": {"nodes": [{"name": "Show"}]}}],
        "ratings": [{"system": "FSK", "label": "16", "age": 16}],
        "availability": {"closesAt": None, "plans": []},
        "extras": [{"kind": "TRAILER", "title": {"name": "Trailer of it", "kind": "CLIP"}}],
        "markers": [{"kind": "INTRO", "startsAtSeconds": 1.0, "endsAtSeconds": 2.5}],
        "chapters": [{"startsAtSeconds": 0.0, "name": "Start", "language": "en"}],
    }  # fmt: skip
    first = (await scene.data(PAGE, {"id": season}, by=viewer))["title"]
    assert first["episodes"]["nodes"] == [
        {"number": 1, "name": "Pilot", "nextEpisode": {"number": 2, "seasonNumber": 1}},
        {"number": 2, "name": "Second", "nextEpisode": {"number": 1, "seasonNumber": 2}},
    ]
    episode = (await scene.data(PAGE, {"id": one}, by=viewer))["title"]
    assert (episode["seasonNumber"], episode["series"], episode["season"], episode["nextEpisode"]) == (
        1,
        {"name": "Show"},
        {"name": "First season", "number": 1},
        {"name": "Second"},
    )
    found = await scene.data(
        'query($id: ID!) { person(id: $id) { name } tag(slug: "krimi") { titles { nodes { id } } }'
        ' collection(slug: "nowhere") { id } node(id: $id) { __typename } }',
        {"id": person},
        by=viewer,
    )
    assert found == {
        "person": {"name": "Ada Byron"},
        "tag": {"titles": {"nodes": [{"id": series}]}},
        "collection": None,
        "node": {"__typename": "Person"},
    }


async def test_a_hidden_trailer_is_not_listed(scene: GraphScene) -> None:
    editor = await scene.editor()
    film = await make(scene, editor, "MOVIE", "Film")
    draft = await done(
        scene, editor, "createTitle", "TitleCreated", "title { id }", kind="CLIP", language="en", name="Not yet"
    )
    clip = {"titleId": draft["title"]["id"], "kind": "TEASER"}
    await done(scene, editor, "setExtras", "ExtrasSet", "title { id }", titleId=film, extras=[clip], expectedVersion=2)
    query = "query($id: ID!) { title(id: $id) { extras { kind title { name } } } }"
    assert (await scene.data(query, {"id": film}))["title"] == {"extras": []}
    assert len((await scene.data(query, {"id": film}, by=editor))["title"]["extras"]) == 1


@pytest.mark.parametrize(
    ("input", "code"),
    [
        ({"kind": "SEASON", "number": 1}, "INVALID_INPUT"),
        ({"kind": "LIVE_EVENT"}, "INVALID_INPUT"),
        ({"kind": "MOVIE", "originalLanguage": "klingon!"}, "INVALID_INPUT"),
        ({"kind": "MOVIE", "parentId": "garbage", "number": 1}, "NOT_FOUND"),
    ],
)
async def test_a_title_in_the_wrong_place_is_a_problem(scene: GraphScene, input: dict[str, Any], code: str) -> None:
    editor = await scene.editor()
    asked = "mutation($input: CreateTitleInput!) { createTitle(input: $input) { ... on Problem { code } } }"
    answer = await scene.data(asked, {"input": {"language": "en", "name": "x", **input}}, by=editor)
    assert answer["createTitle"] == {"code": code}
