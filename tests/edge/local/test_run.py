"""`marquee run` as people meet it: one ready line, one clear line for each thing that is wrong, nothing left behind."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edge.local.checks import MIB, DiskFull, FolderUnusable, check_room, hold_folder
from tests.edge.local.house import House, run_to_its_end, running

SECOND_START_MAX_S = 10.0


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free: int = probe.getsockname()[1]
        return free


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder that has been run on once, so that later starts are second starts."""
    data_dir = tmp_path_factory.mktemp("kept") / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with running(data_dir, port) as house:
        house.await_line("Ready in")
        assert house.end(signal.SIGTERM) == 0
    yield data_dir
    shutil.rmtree(data_dir, ignore_errors=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_it_gets_ready_answers_and_leaves_no_process_behind(kept: Path, port: int, number: signal.Signals) -> None:
    with running(kept, port) as house:
        ready = house.await_line("Ready in")
        assert f"page http://localhost:{port} · GraphQL http://localhost:{port}/graphql" in ready
        assert house.status_of("/readyz") == 200
        assert house.status_of("/") == 200
        names = " ".join(" ".join(found.cmdline()) for found in house.look())
        assert "edge serve" in names
        assert "edge worker" in names
        assert "/postgres" in names
        assert house.end(number) == 0
        assert house.left_behind() == []
        assert house.status_of("/readyz") == 0


def test_a_second_start_is_quick(kept: Path, port: int) -> None:
    # Counted by processor time as well: another test on this machine may hold the processors.
    began = time.monotonic()
    with running(kept, port) as house:
        house.await_line("Ready in")
        took_s = time.monotonic() - began
        worked_s = sum(sum(found.cpu_times()[:2]) for found in house.look())
        assert house.end(signal.SIGINT) == 0
    assert min(took_s, worked_s) < SECOND_START_MAX_S


def test_a_killed_run_leaves_no_process_behind_and_the_next_one_works(kept: Path, port: int) -> None:
    with running(kept, port) as house:
        house.await_line("Ready in")
        house.end(signal.SIGKILL)
        assert house.left_behind() == []
    with running(kept, port) as again:
        again.await_line("Ready in")
        assert again.status_of("/readyz") == 200
        assert again.end(signal.SIGINT) == 0


def test_whatever_ends_by_itself_is_started_again(kept: Path, port: int) -> None:
    with running(kept, port) as house:
        house.await_line("Ready in")
        for word, told in (("worker", "the worker ended"), ("serve", "the API ended"), ("postgres", "PostgreSQL end")):
            house.child(word).kill()
            house.await_line(told)
        _await_status(house, "/readyz", 200)
        assert house.end(signal.SIGINT) == 0
        assert house.left_behind() == []


def test_what_ends_again_and_again_ends_the_run(kept: Path, port: int) -> None:
    with running(kept, port) as house:
        house.await_line("Ready in")
        for number in range(4):
            house.child("worker").kill()
            if number < 3:
                house.await_lines("the worker ended", number + 1)
        assert house.process.wait(60) == 1
        assert "the worker ends again and again" in house.lines[-1]
        assert house.left_behind() == []


def test_a_second_run_on_the_same_data_is_refused(kept: Path, port: int) -> None:
    with running(kept, port) as house:
        house.await_line("Ready in")
        status, said = run_to_its_end(kept, port + 1)
        assert status == 1
        assert said == (
            f"marquee: already running on {kept} (process {house.process.pid}): "
            "use that one, or end it, or set DATA_DIR and PORT\n"
        )
        assert house.status_of("/readyz") == 200
        assert house.end(signal.SIGINT) == 0


def test_a_taken_port_is_named(tmp_path: Path, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        status, said = run_to_its_end(tmp_path / "data", port)
    assert status == 1
    assert said == f"marquee: 127.0.0.1:{port} is taken by another program: end it, or set PORT, as in PORT=8001\n"


def test_an_address_that_is_not_ours_is_named(tmp_path: Path, port: int) -> None:
    status, said = run_to_its_end(tmp_path / "data", port, HOST="203.0.113.7")
    assert status == 1
    assert said.startswith(f"marquee: 203.0.113.7:{port} cannot be listened on: ")
    assert said.count("\n") == 1


def _a_file(data_dir: Path) -> None:
    data_dir.write_text("not a folder")


def _foreign(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "thesis.tex").write_text("precious")


def _other_version(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres" / "PG_VERSION").write_text("17\n")


def _half_gone(data_dir: Path) -> None:
    shutil.rmtree(data_dir / "postgres" / "pg_wal")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_a_file, "cannot be used as the data folder"),
        (_foreign, "is no PostgreSQL data folder"),
        (_other_version, "was made by PostgreSQL 17, this one is 18"),
    ],
)
def test_a_broken_data_folder_is_named_in_one_line(
    tmp_path: Path, port: int, damage: Callable[[Path], None], says: str
) -> None:
    damage(tmp_path / "data")
    status, said = run_to_its_end(tmp_path / "data", port)
    assert status == 1
    assert said.startswith("marquee: ")
    assert says in said
    assert said.count("\n") == 1


def test_a_database_that_lost_files_is_named_in_one_line(kept: Path, tmp_path: Path, port: int) -> None:
    broken = tmp_path / "data"
    shutil.copytree(kept, broken, symlinks=True, ignore=shutil.ignore_patterns("*.socket"))
    _give_to_the_owner_of(kept / "postgres", broken / "postgres")
    _half_gone(broken)
    status, said = run_to_its_end(broken, port)
    assert status == 1
    assert said.startswith("marquee: PostgreSQL could not start: ")
    assert said.count("\n") == 1


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path, port: int) -> None:
    status, said = run_to_its_end(
        tmp_path / "data", port, DATABASE_URL=f"postgresql://marquee:hunter2@127.0.0.1:{port + 1}/marquee"
    )
    assert status == 1
    assert said.startswith("marquee: the database cannot be migrated: ")
    assert said.count("\n") == 1
    assert "hunter2" not in said


def test_a_disk_without_room_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskFull, match=r"has 100 MiB left and 1024 MiB are needed"):
        check_room(tmp_path, free_bytes=100 * MIB)
    (tmp_path / "media").mkdir()
    with pytest.raises(DiskFull, match=r"has 100 MiB left and 128 MiB are needed"):
        check_room(tmp_path, free_bytes=100 * MIB)
    check_room(tmp_path, free_bytes=128 * MIB)


def test_a_folder_that_takes_no_files_is_named() -> None:
    with (
        pytest.raises(FolderUnusable, match="/proc/marquee cannot be used as the data folder"),
        hold_folder(Path("/proc/marquee")),
    ):
        raise AssertionError("nothing can be made there")


def _await_status(house: House, path: str, status: int) -> None:
    deadline = time.monotonic() + 30
    while house.status_of(path) != status:
        assert time.monotonic() < deadline, house.lines
        time.sleep(0.05)


def _give_to_the_owner_of(original: Path, copy: Path) -> None:
    found = original.stat()
    for path in (copy, *copy.rglob("*")):
        os.chown(path, found.st_uid, found.st_gid)
