"""Attacks from inside: a program that misbehaves on purpose stands in for an ffmpeg taken over by a file."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import psutil
import pytest

from domain.media.sandbox import Confinement, Limits, ProcessTimedOut, run_confined

LIMITS = Limits(wall_s=20, cpu_s=20, memory_bytes=2 << 30, file_size_bytes=1 << 20)
# The attacker is a Python program, so its own library is all it may read.
READABLE = (Path(sys.base_prefix), Path(sys.prefix))


async def attack(script: str, folder: Path, *, limits: Limits = LIMITS, reads: tuple[Path, ...] = ()):
    argv = [str(Path(sys.executable).resolve()), "-I", "-S", "-c", script]
    return await run_confined(argv, Confinement(reads=(*READABLE, *reads), writes=(folder,), limits=limits))


async def test_no_socket_can_be_made(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        port = listener.getsockname()[1]
        done = await attack(f"import socket; socket.create_connection(('127.0.0.1', {port}))", tmp_path)
        assert done.exit_code == 1
        assert "PermissionError" in done.stderr_tail
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_UNIX", "AF_NETLINK"])
async def test_no_family_of_sockets_is_left_open(tmp_path, family):
    done = await attack(f"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM)", tmp_path)
    assert "PermissionError" in done.stderr_tail


async def test_other_files_cannot_be_read(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("master key")
    inside = tmp_path / "work"
    inside.mkdir()
    for path in (secret, "/etc/passwd", f"/proc/{os.getpid()}/environ"):
        done = await attack(f"print(open({str(path)!r}).read())", inside)
        assert (done.exit_code, done.stdout) == (1, b"")
        assert "PermissionError" in done.stderr_tail


async def test_a_named_file_can_be_read_but_not_written(tmp_path):
    given = tmp_path / "given"
    given.write_text("film")
    inside = tmp_path / "work"
    inside.mkdir()
    read = await attack(f"print(open({str(given)!r}).read())", inside, reads=(given,))
    assert read.stdout == b"film\n"
    written = await attack(f"open({str(given)!r}, 'w')", inside, reads=(given,))
    assert "PermissionError" in written.stderr_tail
    assert given.read_text() == "film"


async def test_nothing_is_written_outside_the_folder(tmp_path):
    inside = tmp_path / "work"
    inside.mkdir()
    done = await attack(f"open({str(tmp_path / 'escaped')!r}, 'w')", inside)
    assert "PermissionError" in done.stderr_tail
    assert sorted(path.name for path in tmp_path.iterdir()) == ["work"]


async def test_the_environment_is_clean(tmp_path, monkeypatch):
    monkeypatch.setenv("MASTER_KEYS", "v1:secret")
    done = await attack("import os, json; print(json.dumps(dict(os.environ)))", tmp_path)
    seen = json.loads(done.stdout)
    assert seen.keys() <= {"PATH", "LC_ALL", "HOME", "TMPDIR", "LC_CTYPE"}
    assert "secret" not in str(seen)


async def test_no_descriptor_is_inherited(tmp_path):
    with (tmp_path / "open").open("w") as opened:
        os.set_inheritable(opened.fileno(), True)
        script = f"import os\ntry: os.fstat({opened.fileno()}); print('open')\nexcept OSError: print('closed')"
        assert (await attack(script, tmp_path)).stdout == b"closed\n"


async def test_memory_is_bounded(tmp_path):
    done = await attack("bytearray(3 << 30)", tmp_path)
    assert "MemoryError" in done.stderr_tail


async def test_the_size_of_a_file_is_bounded(tmp_path):
    done = await attack("open('big', 'wb').write(bytes(2 << 20))", tmp_path)
    assert done.exit_code != 0
    assert (tmp_path / "big").stat().st_size <= 1 << 20


async def test_cpu_time_is_bounded(tmp_path):
    limits = Limits(wall_s=20, cpu_s=1, memory_bytes=2 << 30, file_size_bytes=1 << 20)
    assert (await attack("while True: pass", tmp_path, limits=limits)).exit_code == -signal.SIGKILL


async def test_wall_time_is_bounded_and_leaves_no_process(tmp_path):
    limits = Limits(wall_s=0.5, cpu_s=20, memory_bytes=2 << 30, file_size_bytes=1 << 20)
    with pytest.raises(ProcessTimedOut):
        await attack("import time; time.sleep(60)", tmp_path, limits=limits)
    assert _children() == []


async def test_cancelling_kills_the_whole_group(tmp_path):
    script = "import os, time, pathlib\nos.fork()\npathlib.Path(str(os.getpid())).touch()\ntime.sleep(60)"
    task = asyncio.create_task(attack(script, tmp_path))
    async with asyncio.timeout(10):
        while len(list(tmp_path.iterdir())) < 2:
            await asyncio.sleep(0.02)
    pids = [int(path.name) for path in tmp_path.iterdir()]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        while any(_runs(pid) for pid in pids):
            await asyncio.sleep(0.02)
    assert _children() == []


async def test_a_killed_worker_leaves_no_process(tmp_path):
    worker = f"""
import asyncio, sys
sys.path.insert(0, {os.getcwd()!r})
from pathlib import Path
from domain.media.sandbox import Confinement, Limits, run_confined
script = "import os, time, pathlib; pathlib.Path(str(os.getpid())).touch(); time.sleep(60)"
limits = Limits(wall_s=60, cpu_s=20, memory_bytes=2 << 30, file_size_bytes=1 << 20)
reads = (Path({sys.base_prefix!r}), Path({sys.prefix!r}))
argv = [str(Path(sys.executable).resolve()), "-I", "-S", "-c", script]
asyncio.run(run_confined(argv, Confinement(reads=reads, writes=(Path({str(tmp_path)!r}),), limits=limits)))
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", worker)
    async with asyncio.timeout(10):
        while not list(tmp_path.iterdir()):
            await asyncio.sleep(0.02)
    [pid] = [int(path.name) for path in tmp_path.iterdir()]
    assert _runs(pid)
    process.kill()
    await process.wait()
    async with asyncio.timeout(5):
        while _runs(pid):
            await asyncio.sleep(0.02)


async def test_a_flood_of_output_is_cut(tmp_path):
    done = await attack("import os\nwhile True: os.write(1, bytes(65536))", tmp_path)
    assert done.exit_code == -signal.SIGKILL


async def test_only_the_end_of_the_complaints_is_kept(tmp_path):
    done = await attack("import sys; sys.stderr.write('x' * 100_000 + 'the end')", tmp_path)
    assert len(done.stderr_tail) == 8 * 1024
    assert done.stderr_tail.endswith("the end")


async def test_ffmpeg_cannot_reach_the_network_even_when_told_to(tools, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        argv = [str(tools.ffmpeg), "-nostdin", "-i", address, "-f", "null", "-"]
        done = await run_confined(argv, Confinement(reads=(), writes=(tmp_path,), limits=LIMITS))
        assert done.exit_code != 0
        assert "Permission denied" in done.stderr_tail
        with pytest.raises(TimeoutError):
            listener.accept()


async def test_ffmpeg_cannot_read_another_file_even_when_told_to(tools, tmp_path):
    argv = [str(tools.ffmpeg), "-nostdin", "-f", "data", "-i", "file:/etc/passwd", "-map", "0", "-f", "data", "pipe:1"]
    done = await run_confined(argv, Confinement(reads=(), writes=(tmp_path,), limits=LIMITS))
    assert (done.exit_code != 0, done.stdout) == (True, b"")


def _children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children(recursive=True) if "sandbox_launcher" in str(child.cmdline())]


def _runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
