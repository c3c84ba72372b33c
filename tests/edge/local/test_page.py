"""Building the page: once, however many processes want it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from edge.local.page import ROOT, page_is_stale

BUILD = """
const { appendFileSync, mkdirSync, rmdirSync } = require("fs");
mkdirSync("../building");
appendFileSync("../builds", "one\\n");
setTimeout(() => { mkdirSync("dist", { recursive: true }); rmdirSync("../building"); }, 300);
"""
PROCESS = """
import asyncio, sys
from pathlib import Path
from edge.local.page import build_page
asyncio.run(build_page(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A page whose build fails when another one runs, and counts itself."""
    folder = tmp_path / "web"
    folder.mkdir()
    named = {"name": "page", "version": "1.0.0"}
    (folder / "package.json").write_text(json.dumps({**named, "scripts": {"build": "node build.cjs"}}))
    (folder / "package-lock.json").write_text(json.dumps({**named, "lockfileVersion": 3, "packages": {"": named}}))
    (folder / "build.cjs").write_text(BUILD)
    return folder


def test_processes_that_want_the_page_at_once_build_it_once(web: Path, tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path / f"{number}.log"), str(web)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in processes]
    assert ended == [("", 0)] * 3
    assert (tmp_path / "builds").read_text() == "one\n"
    assert not page_is_stale(web)


def test_a_killed_builder_leaves_no_lock_behind(web: Path, tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import os, fcntl; fcntl.flock(os.open({str(web)!r}, os.O_RDONLY), 2); print(); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    waiting = subprocess.Popen([sys.executable, "-c", PROCESS, str(tmp_path / "log"), str(web)], cwd=ROOT)
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.wait(timeout=2)
    assert not (tmp_path / "builds").exists()
    holder.kill()
    holder.wait()
    assert waiting.wait(timeout=120) == 0
    assert (tmp_path / "builds").read_text() == "one\n"
