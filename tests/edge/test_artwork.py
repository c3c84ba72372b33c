"""The door of uploaded pictures: by their names, for ever, and nothing else."""

import hashlib

import pytest

from domain.media.artwork import object_key_of
from tests.graph_scene import GraphScene
from tests.pictures import drawn


async def test_a_file_is_kept_by_caches_for_ever(scene: GraphScene) -> None:
    data = drawn(64, 64, format="WEBP")
    hash = hashlib.sha256(data).hexdigest()
    await scene.runtime.objects.put(object_key_of(f"{hash}.webp"), data)
    answer = await scene.client.get(f"{scene.url}/artwork/{hash}.webp")
    assert (answer.status_code, answer.content) == (200, data)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{hash}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    again = await scene.client.get(f"{scene.url}/artwork/{hash}.webp", headers={"If-None-Match": f'"{hash}"'})
    assert (again.status_code, again.content) == (304, b"")
    head = await scene.client.head(f"{scene.url}/artwork/{hash}.webp")
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(data)), b"")
    part = await scene.client.get(f"{scene.url}/artwork/{hash}.webp", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, data[:4])


@pytest.mark.parametrize(
    "name",
    [
        "0" * 64 + ".jpg",
        "0" * 64 + ".svg",
        "0" * 63 + ".jpg",
        "A" * 64 + ".jpg",
        "..%2fuploads%2fx",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "0" * 64 + ".jpg%00.html",
        "x" * 3000,
        "",
    ],
)
async def test_what_is_no_name_of_a_file_is_not_found(scene: GraphScene, name: str) -> None:
    answer = await scene.client.get(f"{scene.url}/artwork/{name}", headers={"accept": "application/json"})
    assert answer.status_code == 404
    assert "root:" not in answer.text


async def test_only_reading_is_offered(scene: GraphScene) -> None:
    answer = await scene.client.put(f"{scene.url}/artwork/{'0' * 64}.jpg", content=b"x")
    assert answer.status_code == 405
