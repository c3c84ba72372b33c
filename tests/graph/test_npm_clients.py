"""What frontend teams use, against a running server: audits, clients of every transport, and build tools."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from domain.clients import ClientDocument, register_release
from domain.media.asset import AssetState
from graph.limits import Limits
from graph.manifests import check_documents, read_manifest
from graph.operations import Documents
from graph.schema import graphql_schema
from tests.graph import npm_packages
from tests.graph.npm_packages import MODULES, RUN_TIMEOUT_S
from tests.graph.test_sse import an_asset
from tests.graph_scene import GraphScene

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    npm_packages.install()


async def test_every_audit_of_graphql_over_http_passes_without_a_warning(scene: GraphScene) -> None:
    audited = json.loads(await npm_packages.run("audit.mjs", f"{scene.url}/graphql"))
    assert audited["faults"] == []
    assert audited["count"] >= 61


class Following:
    """A client in a process of its own, and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, *arguments: object) -> "Following":
        return cls(await npm_packages.start("following.mjs", *arguments))

    async def said(self) -> AsyncIterator[list[Any]]:
        """Yield what the client hears, until it has ended well."""
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        async with asyncio.timeout(RUN_TIMEOUT_S):
            async for line in self._process.stdout:
                yield json.loads(line)
            assert await self._process.wait() == 0, (await self._process.stderr.read()).decode()


def progress(state: str) -> list[Any]:
    return ["progress next", {"data": {"transcodeProgress": {"state": state}}}]


async def cut_every_stream(scene: GraphScene) -> None:
    """End all streams as a restart does; the same process goes on for those who come back."""
    streams = scene.app.state.streams
    streams.close_all()
    streams.is_closing = False


async def follow(scene: GraphScene, kind: str) -> list[list[Any]]:
    """Run the client through everything; in the middle the server restarts, then the asset goes on."""
    editor = await scene.editor()
    id, asset_id = await an_asset(scene, editor)
    client = await Following.start(kind, f"{scene.url}/graphql", editor.token, id)
    heard = []
    snapshots = 0
    async for line in client.said():
        heard.append(line)
        if line == progress("PROBING"):
            snapshots += 1
            await (cut_every_stream(scene) if snapshots == 1 else go_on(scene, asset_id))
    assert snapshots == 2, heard
    return heard


async def go_on(scene: GraphScene, asset_id: UUID) -> None:
    await scene.set_asset(asset_id, AssetState.CANCELLED)


@pytest.mark.parametrize("kind", ["ws", "sse"])
async def test_a_client_asks_is_refused_follows_and_comes_back(scene: GraphScene, kind: str) -> None:
    heard = await follow(scene, kind)
    assert [line for line in heard if line[0].startswith("query")][-1] == ["query complete", None]
    assert heard[[line[0] for line in heard].index("query next")][1]["data"]["viewer"]["id"]
    mutated = next(value for name, value in heard if name == "mutation next")
    assert mutated == {"data": {"revokePlayback": {"__typename": "NotFound"}}}
    if kind == "ws":
        assert ["wrong error", ["GRAPHQL_VALIDATION_FAILED"]] in heard
        assert ["closed", 1012] in heard
        assert [name for name, _ in heard].count("connected") >= 2
    else:
        # In a stream a refused document is its only event.
        refused = next(value for name, value in heard if name == "wrong next")
        assert refused["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    hidden = next(value for name, value in heard if name == "hidden next")
    assert hidden["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert [line for line in heard if line[0].startswith("progress")] == [
        progress("PROBING"), progress("PROBING"), progress("CANCELLED"), ["progress complete", None]
    ]  # fmt: skip


async def test_apollo_s_client_sends_a_text_once(scene: GraphScene) -> None:
    said = json.loads(await npm_packages.run("apollo.mjs", f"{scene.url}/graphql"))
    assert said["answers"] == [None, None]
    assert said["sent"] == [
        {"method": "GET", "hasText": False, "status": 400},
        {"method": "POST", "hasText": True, "status": 200},
        {"method": "GET", "hasText": False, "status": 200},
    ]


async def answer_each(scene: GraphScene, content: bytes, *, client: str) -> set[str]:
    """Register a manifest as operators do, ask for each query of it by id, and return what they are called."""
    documents = read_manifest(content)
    findings = check_documents(documents, Documents(graphql_schema(), limits=Limits(), is_open=False))
    assert [finding for finding in findings if finding.problems] == []
    async with scene.runtime.work() as work:
        await register_release(work, client=client, version="1", documents=documents)
    for document in documents:
        await answer_one(scene, document)
    return {name for finding in findings for name in finding.names}


async def answer_one(scene: GraphScene, document: ClientDocument) -> None:
    if "query" not in document.text:
        return
    body = {"documentId": document.id, "variables": {"id": "x", "first": 5}}
    response = await scene.client.post(f"{scene.url}/graphql", json=body)
    assert "errors" not in response.json(), document.text


async def test_relay_s_compiler_accepts_the_schema_and_its_manifest_is_answered(
    scene: GraphScene, tmp_path: Path
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "list.ts").write_text((npm_packages.HERE / "relay" / "list.ts").read_text())
    (tmp_path / "schema.graphql").write_text((ROOT / "schema.graphql").read_text())
    (tmp_path / "persisted.json").write_text("{}")
    config = {
        "src": "src",
        "schema": "schema.graphql",
        "language": "typescript",
        "persistConfig": {"file": "persisted.json", "algorithm": "SHA256"},
    }
    (tmp_path / "relay.config.json").write_text(json.dumps(config))
    compiler = MODULES / "relay-compiler" / "cli.js"
    await npm_packages.run(str(compiler), "relay.config.json", cwd=tmp_path)
    names = await answer_each(scene, (tmp_path / "persisted.json").read_bytes(), client="relay")
    assert names == {
        "listPageQuery", "listTitlesPaginationQuery", "listCardRefetchQuery", "listMakeMutation",
        "listFollowSubscription",
    }  # fmt: skip


async def test_code_generator_accepts_the_schema_and_its_manifest_is_answered(
    scene: GraphScene, tmp_path: Path
) -> None:
    await npm_packages.run("codegen.mjs", ROOT / "schema.graphql", tmp_path)
    assert "export type ListedQuery" in (tmp_path / "graphql.ts").read_text()
    names = await answer_each(scene, (tmp_path / "persisted-documents.json").read_bytes(), client="codegen")
    assert names == {"Listed", "Made", "Followed"}
