"""The viewer, and finding things by their ids."""

import pytest

from domain.accounts import Role
from graph.global_ids import Kind, global_id
from tests.graph_scene import GraphScene

VIEWER = """{ viewer {
  id displayName territory roles
  profile { id name language maturityLimit } profiles { id }
  devices { name } playbackSessions { id }
} }"""
NODE = "query($id: ID!) { node(id: $id) { __typename id } }"


async def test_nobody_is_signed_in(scene: GraphScene) -> None:
    assert await scene.data(VIEWER) == {"viewer": None}


async def test_the_viewer_sees_itself(scene: GraphScene) -> None:
    person = await scene.person(Role.EDITOR, language="de", territory="JP")
    await scene.again(person)
    viewer = (await scene.data(VIEWER, by=person))["viewer"]
    profile = {"id": global_id(Kind.PROFILE, person.viewer.profile_id), "name": "Ada", "language": "de"}
    assert viewer == {
        "id": person.id,
        "displayName": "Ada",
        "territory": "JP",
        "roles": ["EDITOR", "VIEWER"],
        "profile": {**profile, "maturityLimit": 18},
        "profiles": [{"id": profile["id"]}],
        "devices": [{"name": "Phone"}, {"name": "Television"}],
        "playbackSessions": [],
    }


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 5000, "é", "null", "a b c"])
async def test_a_wrong_token_is_nobody(scene: GraphScene, token: str) -> None:
    answer = await scene.ask(VIEWER, headers={"authorization": f"Bearer {token}".encode()})  # type: ignore[dict-item]  # bytes for what no text header may hold
    assert answer["data"] == {"viewer": None}


async def test_everything_with_an_id_is_found_by_it(scene: GraphScene) -> None:
    editor = await scene.editor()
    made = await scene.playable(territory="DE")
    right = await scene.data(
        "query($id: ID!) { title(id: $id) { rights { id } } }",
        {"id": global_id(Kind.TITLE, made.title_id)},
        by=editor,
    )
    ids = {
        "Title": global_id(Kind.TITLE, made.title_id),
        "Asset": global_id(Kind.ASSET, made.asset_id),
        "Right": right["title"]["rights"][0]["id"],
        "Upload": global_id(Kind.UPLOAD, await scene.upload(editor)),
        "Viewer": editor.id,
        "Profile": global_id(Kind.PROFILE, editor.viewer.profile_id),
        "Device": global_id(Kind.DEVICE, editor.viewer.device_id),
    }
    for type_name, id in ids.items():
        assert (await scene.data(NODE, {"id": id}, by=editor))["node"] == {"__typename": type_name, "id": id}
