"""Health, readiness and measures."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.kernel.bus import Bus
from domain.kernel.work import Database
from domain.media.object_store import ObjectStore
from edge import health
from edge.app import create_app
from tests.graph_scene import GraphScene, serving

NOWHERE = "postgresql://marquee:hunter2@127.0.0.1:1/nowhere"


@asynccontextmanager
async def without(scene: GraphScene, **parts: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the application over a runtime whose parts are away."""
    app = create_app(replace(scene.runtime, **parts))
    async with serving(app) as url, httpx.AsyncClient(base_url=url, timeout=10) as client:
        yield client


async def test_a_process_with_all_its_parts_is_ready(scene: GraphScene) -> None:
    assert (await scene.client.get(f"{scene.url}/healthz")).json() == {"status": "ok"}
    response = await scene.client.get(f"{scene.url}/readyz")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ok"
    assert {name: part["ready"] for name, part in body["parts"].items()} == {
        "database": True,
        "bus": True,
        "storage": True,
    }


@pytest.mark.parametrize("part", ["database", "bus", "storage"])
async def test_a_process_without_a_part_is_not_ready_and_says_which(
    scene: GraphScene, part: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(health, "PART_TIMEOUT_S", 0.3)
    away: dict[str, Any] = {
        "database": {"database": Database.connect(NOWHERE)},
        "bus": {"bus": Bus(NOWHERE)},
        "storage": {"objects": ObjectStore.open("s3://nowhere?endpoint=http://127.0.0.1:1&region=eu")},
    }
    async with without(scene, **away[part]) as client:
        response = await client.get("/readyz")
        assert response.status_code == 503
        parts = response.json()["parts"]
        assert {name for name, state in parts.items() if not state["ready"]} == {part}
        assert all(state["milliseconds"] < 2_000 for state in parts.values())
        assert "hunter2" not in response.text
        # It lives all the same: restarting it would not bring the part back.
        assert (await client.get("/healthz")).status_code == 200


async def test_a_local_folder_that_is_gone_is_not_ready(scene: GraphScene, tmp_path: Path) -> None:
    folder = tmp_path / "media"
    async with without(scene, objects=ObjectStore.open(folder.as_uri())) as client:
        assert (await client.get("/readyz")).status_code == 200
        shutil.rmtree(folder)
        response = await client.get("/readyz")
        assert response.status_code == 503
        assert response.json()["parts"]["storage"]["ready"] is False


async def test_measures_name_doors_and_never_paths(scene: GraphScene) -> None:
    await scene.data("{ viewer { id } }")
    await scene.client.get(f"{scene.url}/play/a-secret-token/manifest.mpd")
    await scene.client.get(f"{scene.url}/nowhere-to-be-found.txt")
    text = (await scene.client.get(f"{scene.url}/metrics")).text
    for line in (
        'marquee_http_requests_total{door="graphql",method="POST",status="200"}',
        'marquee_http_requests_total{door="play",method="GET",status="403"}',
        'marquee_http_requests_total{door="page",method="GET",status="404"}',
        'marquee_graphql_operations_total{kind="query",outcome="ok"}',
        "marquee_bus_up 1.0",
        'marquee_database_connections_used{pool="read"}',
    ):
        assert line in text
    assert "a-secret-token" not in text
    assert "nowhere" not in text
