"""The page's own documents: answered at once, registered for other processes, read again when they are generated."""

import os
from pathlib import Path

import orjson
import pytest
from structlog.testing import CapturingLogger

from domain.clients import ClientDocument, list_releases, register_release
from edge import page_documents
from edge.page_documents import CLIENT, PageDocuments
from tests.graph_scene import GraphScene, fresh_scene, scene

__all__ = ["fresh_scene", "scene"]


def write(path: Path, texts: dict[str, str], *, second: int = 1) -> Path:
    path.write_bytes(orjson.dumps(texts))
    os.utime(path, (second, second))
    return path


def page(built: Path, generated: Path | None = None) -> PageDocuments:
    documents = PageDocuments(built=built, generated=generated)
    documents._read(built)
    return documents


def test_a_server_without_a_built_page_knows_no_documents(tmp_path: Path) -> None:
    assert page(tmp_path / "missing").find("a") is None


def test_a_broken_manifest_does_not_keep_the_server_from_starting(tmp_path: Path) -> None:
    (tmp_path / "broken").write_bytes(b"{")
    assert page(tmp_path / "broken").find("a") is None


def test_documents_that_are_generated_later_are_found_in_development(tmp_path: Path) -> None:
    built, generated = write(tmp_path / "built", {"a": "{a}"}), write(tmp_path / "generated", {"b": "{b}"})
    documents = page(built, generated)
    assert (documents.find("a"), documents.find("b"), documents.find("c")) == ("{a}", "{b}", None)
    write(generated, {"c": "{c}"}, second=2)
    # What an open page may still send stays known.
    assert (documents.find("b"), documents.find("c")) == ("{b}", "{c}")


async def test_the_page_is_registered_for_every_process(scene: GraphScene, tmp_path: Path) -> None:
    built = write(tmp_path / "built", {"page-1": "query P { viewer { id } }"})
    for _ in range(2):
        await page(built).register(scene.runtime)
    known = [one for one in await list_releases(scene.runtime.reads(), client=CLIENT) if one.document_count == 1]
    assert len(known) == 1
    # Another process has no such page, and finds the document all the same.
    response = await scene.client.post(
        f"{scene.url}/graphql", json={"documentId": "page-1"}, headers={"graphql-client-name": CLIENT}
    )
    assert response.json() == {"data": {"viewer": None}}


async def test_an_id_that_is_taken_is_said_in_the_log(
    scene: GraphScene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with scene.runtime.work() as work:
        await register_release(work, client="tv", version="1", documents=[ClientDocument("taken", "{ viewer { id } }")])
    built = write(tmp_path / "built", {"taken": "{ node(id: 1) { id } }"})
    logged = CapturingLogger()
    monkeypatch.setattr(page_documents, "log", logged)
    await page(built).register(scene.runtime)
    assert [call.args for call in logged.calls] == [("page.documents_not_registered",)]
