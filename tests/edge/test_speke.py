from dataclasses import replace
from uuid import uuid4
from xml.etree import ElementTree

import orjson
import pytest

from tests.domain.drm.cpix_reader import plain_keys
from tests.domain.drm.speke_documents import AUDIO, VIDEO, document
from tests.play_scene import SPEKE_TOKEN, PlayScene

HEADERS = {
    "Authorization": f"Bearer {SPEKE_TOKEN}",
    "X-Speke-Version": "2.0",
    "Content-Type": "application/xml",
}


async def test_an_encryptor_gets_the_same_keys_each_time(play_scene: PlayScene) -> None:
    async with play_scene.client() as client:
        first = await client.post("/speke/v2", content=document(play_scene.asset_id), headers=HEADERS)
        second = await client.post("/speke/v2", content=document(play_scene.asset_id), headers=HEADERS)
    assert first.status_code == 200
    assert first.headers["content-type"] == "application/xml"
    assert first.headers["x-speke-version"] == "2.0"
    assert first.headers["x-speke-user-agent"] == "Marquee"
    assert first.headers["cache-control"] == "no-store"
    keys = plain_keys(ElementTree.fromstring(first.content))
    assert set(keys) == {VIDEO, AUDIO}
    assert plain_keys(ElementTree.fromstring(second.content)) == keys


@pytest.mark.parametrize(
    "shown", ["", "Bearer", "Bearer wrong", f"Basic {SPEKE_TOKEN}", f"bearer {SPEKE_TOKEN}x", "Bearer é"]
)
async def test_without_the_token_nothing_is_told(play_scene: PlayScene, shown: str) -> None:
    async with play_scene.client() as client:
        headers = {**HEADERS, "Authorization": shown.encode("latin-1")}
        answer = await client.post("/speke/v2", content=document(play_scene.asset_id), headers=headers)
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_without_a_setting_there_is_no_door(play_scene: PlayScene) -> None:
    closed = replace(play_scene.runtime.settings, speke_token=None)
    async with play_scene.client(settings=closed) as client:
        answer = await client.post("/speke/v2", content=document(play_scene.asset_id), headers=HEADERS)
        empty = await client.post("/speke/v2", headers={**HEADERS, "Authorization": "Bearer None"})
    assert (answer.status_code, empty.status_code) == (404, 404)


async def test_a_document_that_cannot_be_answered_is_told_why(play_scene: PlayScene) -> None:
    good = document(play_scene.asset_id)
    refused = {
        b"not xml": 422,
        good.replace(b'"2.3"', b'"2.2"'): 422,
        b" " * 300_000: 422,
        document(uuid4()): 404,
    }
    async with play_scene.client() as client:
        for body, status in refused.items():
            answer = await client.post("/speke/v2", content=body, headers=HEADERS)
            assert answer.status_code == status
            assert set(orjson.loads(answer.content)) == {"code", "message"}
            assert answer.headers["x-speke-version"] == "2.0"
        other = await client.post("/speke/v2", content=good, headers={**HEADERS, "X-Speke-Version": "1.0"})
        unnamed = await client.post("/speke/v2", content=good, headers={"Authorization": HEADERS["Authorization"]})
        got = await client.get("/speke/v2", headers=HEADERS)
    assert (other.status_code, unnamed.status_code, got.status_code) == (422, 422, 405)
