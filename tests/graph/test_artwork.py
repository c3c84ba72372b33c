"""Uploaded pictures, through the whole application."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.media.artwork import ArtworkFailure, ArtworkKind
from domain.media.artworks import fail_artwork, finish_artwork, name_renditions
from graph.global_ids import Kind, global_id, parse_global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person
from tests.pictures import made

ARTWORK = "artwork { id kind language state failure images { width } } title { id }"
ADD = change(
    "addArtwork", "ArtworkAdded", ARTWORK, "... on UploadTooLarge { maxSizeBytes } ... on UploadNotComplete { state }"
)
REMOVE = change("removeArtwork", "ArtworkRemoved", "title { id artworks { id } }")
SHOWN = """query($id: ID!, $kind: ArtworkKind!, $width: Int! = 300, $format: ImageFormat) { title(id: $id) {
  artwork(kind: $kind, width: $width, format: $format) { url width height format dominantColor blurHash language }
  poster(width: $width) { url width format }
} }"""


async def add(scene: GraphScene, editor: Person, title_id: UUID, **values: Any) -> dict[str, Any]:
    upload_id = global_id(Kind.UPLOAD, await scene.upload(editor))
    given = {"titleId": global_id(Kind.TITLE, title_id), "uploadId": upload_id, "kind": "POSTER", **values}
    answer: dict[str, Any] = (await scene.data(ADD, {"input": given}, by=editor))["addArtwork"]
    return answer


def key_of(artwork: dict[str, Any]) -> UUID:
    parsed = parse_global_id(artwork["id"])
    assert parsed is not None
    return parsed[1]


async def finish(scene: GraphScene, artwork: dict[str, Any]) -> None:
    """Do what a worker does once the files are made."""
    picture, id = made(artwork["id"], 320, 640), key_of(artwork)
    async with scene.runtime.work() as work:
        assert await name_renditions(work, artwork_id=id, picture=picture)
        await finish_artwork(work, artwork_id=id, picture=picture)


async def test_an_uploaded_poster_comes_before_the_still(scene: GraphScene) -> None:
    editor, film = await scene.editor(), await scene.playable()
    id = global_id(Kind.TITLE, film.title_id)
    added = await add(scene, editor, film.title_id)
    artwork = added["artwork"]
    assert added["title"] == {"id": id}
    assert artwork == {
        "id": artwork["id"], "kind": "POSTER", "language": None, "state": "PROCESSING", "failure": None, "images": [],
    }  # fmt: skip
    before = (await scene.data(SHOWN, {"id": id, "kind": "POSTER"}))["title"]
    still = {"url": f"http://marquee.example/posters/{film.asset_id}/320.jpg", "width": 320, "format": "JPEG"}
    assert before == {"artwork": None, "poster": still}
    await finish(scene, artwork)
    files = {(file.format.value, file.width): file for file in made(artwork["id"], 320, 640).renditions}
    after = (await scene.data(SHOWN, {"id": id, "kind": "POSTER", "format": "WEBP"}))["title"]
    url = "http://marquee.example/artwork/"
    assert after == {
        "artwork": {
            "url": url + files["WEBP", 320].name, "width": 320, "height": 480, "format": "WEBP",
            "dominantColor": "#ff0000", "blurHash": "L" * 28, "language": None,
        },
        "poster": {"url": url + files["JPEG", 320].name, "width": 320, "format": "JPEG"},
    }  # fmt: skip
    assert (await scene.data(SHOWN, {"id": id, "kind": "LOGO"}))["title"]["artwork"] is None


async def test_pictures_come_in_the_language_asked_for(scene: GraphScene) -> None:
    editor, film = await scene.editor(), await scene.playable()
    id = global_id(Kind.TITLE, film.title_id)
    for language in ("de", "en"):
        added = await add(scene, editor, film.title_id, kind="LOGO", language=language)
        await finish(scene, added["artwork"])
    for header, expected in (("de-AT", "de"), ("fr, de;q=0.5", "de"), ("ja", "en")):
        answer = await scene.ask(SHOWN, {"id": id, "kind": "LOGO"}, headers={"accept-language": header})
        assert answer["data"]["title"]["artwork"]["language"] == expected


async def test_an_editor_sees_why_nothing_came_of_a_picture_and_removes_it(scene: GraphScene) -> None:
    editor, film = await scene.editor(), await scene.playable()
    artwork = (await add(scene, editor, film.title_id, language="pt-br"))["artwork"]
    async with scene.runtime.work() as work:
        await fail_artwork(work, artwork_id=key_of(artwork), failure=ArtworkFailure.TOO_SMALL)
    query = "query($id: ID!) { title(id: $id) { artworks { language state failure } } }"
    node = "query($id: ID!) { node(id: $id) { ... on Artwork { state } } }"
    variables = {"id": global_id(Kind.TITLE, film.title_id)}
    assert (await scene.data(query, variables, by=editor))["title"]["artworks"] == [
        {"language": "pt-BR", "state": "FAILED", "failure": "TOO_SMALL"}
    ]
    assert (await scene.data(query, variables))["title"]["artworks"] == []
    assert (await scene.data(node, {"id": artwork["id"]}, by=editor))["node"] == {"state": "FAILED"}
    assert (await scene.data(node, {"id": artwork["id"]}))["node"] is None
    removed = (await scene.data(REMOVE, {"input": {"artworkId": artwork["id"]}}, by=editor))["removeArtwork"]
    assert removed["title"] == {"id": variables["id"], "artworks": []}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"uploadId": global_id(Kind.UPLOAD, uuid4())}, "NOT_FOUND"),
        ({"titleId": global_id(Kind.TITLE, uuid4())}, "NOT_FOUND"),
        ({"uploadId": "nonsense"}, "NOT_FOUND"),
        ({"language": "Klingon!"}, "INVALID_INPUT"),
    ],
)
async def test_what_cannot_become_a_picture_is_refused(scene: GraphScene, values: dict[str, Any], code: str) -> None:
    editor = await scene.editor()
    before = await scene.count("artworks")
    answer = await add(scene, editor, await scene.draft(editor), **values)
    assert answer["code"] == code
    assert await scene.count("artworks") == before


async def test_viewers_neither_add_nor_remove_pictures(scene: GraphScene) -> None:
    editor, viewer = await scene.editor(), await scene.person()
    artwork = (await add(scene, editor, await scene.draft(editor), kind=ArtworkKind.STILL.value))["artwork"]
    for by, code in ((viewer, "FORBIDDEN"), (None, "SIGN_IN_REQUIRED")):
        answer = await scene.data(REMOVE, {"input": {"artworkId": artwork["id"]}}, by=by)
        assert answer["removeArtwork"]["code"] == code
