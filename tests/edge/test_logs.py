"""Logs: one line a request, an id to find it by, and no usable token in any of them."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog

from domain.settings import Settings
from edge.logs import configure_logs, redacted
from edge.request_log import OPERATION_ID_HEADER
from tests.graph_scene import GraphScene

WAIT_S = 10.0


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What is written when logs are as in production, for one test."""
    handlers, level, before = logging.root.handlers[:], logging.root.level, structlog.get_config()
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs(Settings(log_format="json"))
    # The server of these tests is uvicorn with its own defaults; `marquee serve` turns this logger off.
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "disabled", True)
    monkeypatch.setattr(logging.getLogger("httpx"), "disabled", True)
    yield stream
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.configure(**before)


async def request_lines(written: StringIO, path: str) -> list[dict[str, object]]:
    """The lines of requests to a path, once there are any: a line follows its answer."""
    async with asyncio.timeout(WAIT_S):
        while True:
            logged = [json.loads(line) for line in written.getvalue().splitlines()]
            found = [line for line in logged if line["event"] == "request" and line["path"] == path]
            if found:
                return found
            await asyncio.sleep(0.005)


async def test_a_request_is_one_line_with_its_operation_id(scene: GraphScene, written: StringIO) -> None:
    response = await scene.client.post(f"{scene.url}/graphql", json={"query": "query Who { viewer { id } }"})
    (line,) = await request_lines(written, "/graphql")
    assert line["operation_id"] == response.headers[OPERATION_ID_HEADER.decode()]
    assert (line["method"], line["path"], line["status"], line["operation"]) == ("POST", "/graphql", 200, "Who")
    assert float(str(line["milliseconds"])) > 0


async def test_no_usable_token_is_written(scene: GraphScene, written: StringIO) -> None:
    secret = "c2VjcmV0LXRva2Vu" * 3
    for path in (f"/play/{secret}/manifest.mpd", f"//play/{secret}/x", f"/%70lay/{secret}/x", f"/PLAY/{secret}/x"):
        await scene.client.get(scene.url + path, headers={"authorization": f"Bearer {secret}"})
    await request_lines(written, "/PLAY/***/x")
    log = structlog.get_logger("test")
    log.info("told", url=f"http://x/play/{secret}/a", token=secret, header=f"Bearer {secret}")
    try:
        raise RuntimeError(f"GET http://x/play/{secret}/manifest.mpd broke")
    except RuntimeError as broken:
        log.error("broke", exc_info=broken)
    logging.getLogger("library").warning("fetching /play/%s/seg.m4s", secret)
    assert "manifest.mpd" in written.getvalue()
    assert secret not in written.getvalue()


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_local_variable_of_a_fault_is_written(
    log_format: str, written: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", written)
    configure_logs(Settings(log_format=log_format))

    def open_the_vault(combination: str) -> None:
        raise RuntimeError("the vault is stuck")

    try:
        open_the_vault("hunter" + "2")
    except RuntimeError as stuck:
        structlog.get_logger("test").error("broke", exc_info=stuck)
        structlog.get_logger("test").exception("broke")
        logging.getLogger("library").exception("broke")
    assert written.getvalue().count("the vault is stuck") >= 3
    assert "open_the_vault" in written.getvalue()
    assert "hunter2" not in written.getvalue()


def test_the_console_itself_shows_no_local_variables(written: StringIO) -> None:
    # Also where a line's exception reaches it unformatted, as in a chain that somebody changes.
    configure_logs(Settings(log_format="text"))
    (*_, console) = structlog.get_config()["processors"]
    assert console.exception_formatter is structlog.dev.plain_traceback


async def test_machines_that_look_after_us_write_no_lines(scene: GraphScene, written: StringIO) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        await scene.client.get(scene.url + path)
    await scene.client.get(f"{scene.url}/graphql")
    await request_lines(written, "/graphql")
    assert not any(path in written.getvalue() for path in ("/healthz", "/readyz", "/metrics"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /play/abc.DEF-_1/seg.m4s", "GET /play/***/seg.m4s"),
        ("postgresql://marquee:hunter2@db/x", "postgresql://marquee:***@db/x"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_are_taken_out_of_texts(text: str, shown: str) -> None:
    assert redacted(text) == shown


def test_a_line_with_half_a_surrogate_pair_is_written(written: StringIO) -> None:
    structlog.get_logger("test").warning("file_refused", name="bad \udcff name")

    assert json.loads(written.getvalue())["name"] == "bad \udcff name"
