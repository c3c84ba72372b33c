from uuid import uuid4

from domain.accounts import sign_in
from domain.catalog import publish_title, titles_by_id, withdraw_title
from tests.arrange import CONFIRMED, create_viewer
from tests.play_scene import JPEG, PlayScene


async def test_posters_of_published_titles_are_for_everybody(play_scene: PlayScene) -> None:
    async with play_scene.client() as client:
        answer = await client.get(f"/posters/{play_scene.asset_id}/320.jpg")
        again = await client.get(
            f"/posters/{play_scene.asset_id}/320.jpg", headers={"If-None-Match": answer.headers["etag"]}
        )
        head = await client.head(f"/posters/{play_scene.asset_id}/640.jpg")
    assert (answer.status_code, answer.content) == (200, JPEG)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert (again.status_code, again.content) == (304, b"")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(JPEG)), b"")


async def test_posters_of_other_titles_are_for_editors(play_scene: PlayScene) -> None:
    async def change(to_published: bool) -> None:
        (title,) = await titles_by_id(play_scene.runtime.reads(), [play_scene.title_id])
        assert title is not None
        verb = publish_title if to_published else withdraw_title
        async with play_scene.runtime.work() as work:
            await verb(work, viewer=play_scene.editor, title_id=title.id, expected_version=title.version)

    async with play_scene.runtime.work() as work:
        viewer = await create_viewer(work)
        viewer_token = (await sign_in(work, account_id=viewer.account_id, device_name="TV", factors=CONFIRMED)).token
        editor_token = (
            await sign_in(work, account_id=play_scene.editor.account_id, device_name="Desk", factors=CONFIRMED)
        ).token
    await change(to_published=False)
    url = f"/posters/{play_scene.asset_id}/320.jpg"
    async with play_scene.client() as client:
        anonymous = await client.get(url)
        as_viewer = await client.get(url, headers={"Authorization": f"Bearer {viewer_token}"})
        as_editor = await client.get(url, headers={"Authorization": f"Bearer {editor_token}"})
    await change(to_published=True)
    assert (anonymous.status_code, as_viewer.status_code) == (404, 404)
    assert (as_editor.status_code, as_editor.content) == (200, JPEG)
    assert as_editor.headers["cache-control"] == "private, max-age=300"


async def test_posters_that_are_not_there_are_not_found(play_scene: PlayScene) -> None:
    async with play_scene.client() as client:
        for path in (
            f"{uuid4()}/320.jpg", f"{play_scene.asset_id}/321.jpg", f"{play_scene.asset_id}/1280.jpg",
            f"{play_scene.asset_id}/320.png", f"{play_scene.asset_id}/..%2f320.jpg", "x/320.jpg",
        ):  # fmt: skip
            answer = await client.get(f"/posters/{path}")
            assert answer.status_code == 404, path
