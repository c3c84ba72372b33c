"""The embedded server on real folders: made, kept, taken over, and refused."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from edge.local import postgres
from edge.local.postgres import DataFolderUnusable, LocalPostgres, StartFailed


async def value_of(server: LocalPostgres, query: str) -> object:
    connection = await asyncpg.connect(server.url)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "postgres"


@pytest.fixture
def server(data_dir: Path) -> Iterator[LocalPostgres]:
    server = LocalPostgres.start(data_dir)
    yield server
    server.stop()


async def test_it_is_the_promised_version_and_forces_commits_to_the_disk(server: LocalPostgres) -> None:
    assert str(await value_of(server, "SHOW server_version")).startswith("18.")
    assert await value_of(server, "SHOW fsync") == "on"
    assert await value_of(server, "SHOW synchronous_commit") == "on"
    assert await value_of(server, "SHOW server_encoding") == "UTF8"
    assert await value_of(server, "SHOW listen_addresses") == ""


async def test_only_its_owner_may_reach_the_socket(server: LocalPostgres, data_dir: Path) -> None:
    folder = data_dir.with_name("postgres.socket")
    assert folder.stat().st_mode & 0o077 == 0
    assert data_dir.stat().st_mode & 0o077 == 0


async def test_it_does_not_run_as_root(server: LocalPostgres) -> None:
    assert server.pid is not None
    assert psutil.Process(server.pid).uids().effective != 0


async def test_data_is_kept_between_runs_and_after_a_power_cut(server: LocalPostgres) -> None:
    await value_of(server, "CREATE TABLE kept AS SELECT 42 AS n")
    server.stop()
    server.resume()
    assert await value_of(server, "SELECT n FROM kept") == 42
    await value_of(server, "UPDATE kept SET n = 43")
    server.kill()
    server.resume()
    assert await value_of(server, "SELECT n FROM kept") == 43


async def test_a_pid_file_left_behind_does_not_keep_it_from_starting(server: LocalPostgres, data_dir: Path) -> None:
    pid_file = data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.kill()
    # After a reboot the number may belong to anybody; here it is this very process.
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    server.resume()
    assert await value_of(server, "SELECT 1") == 1


def test_a_folder_in_use_is_refused(server: LocalPostgres, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ORPHAN_TIMEOUT_S", 0.2)
    with pytest.raises(DataFolderUnusable, match=rf"in use by PostgreSQL process {server.pid}"):
        LocalPostgres.start(data_dir)
    assert server.pid is not None


async def test_a_path_too_long_for_a_socket_still_works(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    server = LocalPostgres.start(deep / "postgres", durable=False)
    try:
        assert await value_of(server, "SELECT 1") == 1
    finally:
        server.stop()


def _not_ours(folder: Path) -> None:
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"jpeg")


def _older(folder: Path) -> None:
    folder.mkdir()
    (folder / "PG_VERSION").write_text("16\n")


def _a_file(folder: Path) -> None:
    folder.write_text("not a folder")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_not_ours, "is no PostgreSQL data folder"),
        (_older, "was made by PostgreSQL 16, this one is 18"),
        (_a_file, "cannot be used"),
    ],
)
def test_a_folder_that_is_not_ours_is_refused_untouched(
    data_dir: Path, damage: Callable[[Path], None], says: str
) -> None:
    damage(data_dir)
    before = sorted(data_dir.rglob("*"))
    with pytest.raises(DataFolderUnusable, match=says) as refused:
        LocalPostgres.start(data_dir)
    assert "\n" not in str(refused.value)
    assert sorted(data_dir.rglob("*")) == before


def test_a_broken_folder_is_named_in_one_line(server: LocalPostgres, data_dir: Path) -> None:
    server.stop()
    (data_dir / "global" / "pg_control").write_bytes(b"")
    with pytest.raises(StartFailed, match=r"PostgreSQL could not start: .*pg_control") as refused:
        LocalPostgres.start(data_dir)
    assert "\n" not in str(refused.value)


def test_a_folder_that_could_not_be_finished_is_made_again(data_dir: Path) -> None:
    draft = data_dir.with_name("postgres.new")
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    server = LocalPostgres.start(data_dir, durable=False)
    try:
        assert not draft.exists()
    finally:
        server.stop()


def test_it_ends_with_the_process_that_started_it(data_dir: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from edge.local.postgres import LocalPostgres; "
        "print(LocalPostgres.start(Path(sys.argv[1])).pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(data_dir)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    server = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while server.is_running() and server.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the server outlived its parent"
        time.sleep(0.02)


async def test_a_frozen_server_goes_on_where_it_was(server: LocalPostgres) -> None:
    connection = await asyncpg.connect(server.url)
    server.freeze()
    question = asyncio.create_task(connection.fetchval("SELECT 7"))
    done, _ = await asyncio.wait({question}, timeout=0.3)
    assert not done
    server.thaw()
    assert await question == 7
    await connection.close()
