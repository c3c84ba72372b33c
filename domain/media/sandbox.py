"""Runs a media program locked in: an argument list, a clean environment, few files, no network, hard limits.

What the program itself is told to refuse (protocols, containers, decoders) is the business of `ffmpeg_runner`; this
module bounds what it could do if a file of a stranger took it over. The layers are in `sandbox_launcher`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LAUNCHER = Path(__file__).with_name("sandbox_launcher.py")
# Enough for the last complaints of a program, little enough to log and to keep in a row.
STDERR_TAIL_BYTES = 8 * 1024
# A line of progress is short; anything longer is not progress.
LINE_LIMIT_BYTES = 64 * 1024
MAX_STDOUT_BYTES = 16 * 1024 * 1024
LAUNCHER_REFUSED = 126

OnLine = Callable[[str], Awaitable[None]]


@dataclass(frozen=True)
class Limits:
    """Hard bounds of one run. The address space counts reserved, not only used memory."""

    wall_s: float
    cpu_s: int
    memory_bytes: int
    file_size_bytes: int
    niceness: int = 10


@dataclass(frozen=True)
class Confinement:
    """What one run may touch: files it reads, folders it writes, and for how long."""

    reads: tuple[Path, ...]
    writes: tuple[Path, ...]
    limits: Limits


@dataclass(frozen=True)
class Finished:
    """How a program ended. `stderr_tail` is the last part of what it complained about, decoded."""

    exit_code: int
    stdout: bytes
    stderr_tail: str


class ProcessTimedOut(Exception):
    """The program ran past its wall limit and was killed."""

    def __init__(self, *, wall_s: float, stderr_tail: str) -> None:
        super().__init__(f"the program did not end within {wall_s:.0f} s")
        self.wall_s = wall_s
        self.stderr_tail = stderr_tail


class SandboxUnavailable(RuntimeError):
    """The machine offers no way to keep the program from the network; nothing was run."""


async def run_confined(
    argv: Sequence[str],
    confinement: Confinement,
    *,
    stdin: bytes = b"",
    on_line: OnLine | None = None,
) -> Finished:
    """Run `argv` to its end, in its own process group, which is killed on timeout and cancellation.

    With `on_line` standard output is handed over line by line and not kept; otherwise it is returned, and a program
    that writes more than `MAX_STDOUT_BYTES` is killed.

    Raises:
        ProcessTimedOut: past the wall limit.
        SandboxUnavailable: when the launcher could not lock itself in.
    """
    process = await _start(argv, confinement)
    tail = bytearray()
    try:
        async with asyncio.timeout(confinement.limits.wall_s):
            _, stdout, _ = await asyncio.gather(
                _feed(process, stdin), _read_stdout(process, on_line), _keep_tail(process, tail)
            )
            exit_code = await process.wait()
    except TimeoutError as late:
        raise ProcessTimedOut(wall_s=confinement.limits.wall_s, stderr_tail=_text(tail)) from late
    finally:
        await _kill_group(process)
    if exit_code == LAUNCHER_REFUSED:
        raise SandboxUnavailable(_text(tail).strip())
    return Finished(exit_code=exit_code, stdout=stdout, stderr_tail=_text(tail))


async def _start(argv: Sequence[str], confinement: Confinement) -> asyncio.subprocess.Process:
    limits = confinement.limits
    folder = str(confinement.writes[0]) if confinement.writes else "/"
    order = {
        "argv": list(argv),
        "parent_pid": os.getpid(),
        "reads": [str(path) for path in confinement.reads],
        "writes": [str(path) for path in confinement.writes],
        "cpu_s": limits.cpu_s,
        "memory_bytes": limits.memory_bytes,
        "file_size_bytes": limits.file_size_bytes,
        "niceness": limits.niceness,
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        "-S",
        str(LAUNCHER),
        json.dumps(order),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        # A clean environment: no secret of ours, no variable that changes how a program loads or reports.
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": folder, "TMPDIR": folder},
        start_new_session=True,
        limit=LINE_LIMIT_BYTES,
    )


async def _feed(process: asyncio.subprocess.Process, stdin: bytes) -> None:
    assert process.stdin is not None
    # A program that ended early closes its input; its exit code tells the story.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(stdin)
        await process.stdin.drain()
    process.stdin.close()


async def _read_stdout(process: asyncio.subprocess.Process, on_line: OnLine | None) -> bytes:
    assert process.stdout is not None
    if on_line is None:
        kept = bytearray()
        while block := await process.stdout.read(LINE_LIMIT_BYTES):
            kept += block
            if len(kept) > MAX_STDOUT_BYTES:
                _signal_group(process, signal.SIGKILL)
                break
        return bytes(kept)
    while line := await process.stdout.readline():
        await on_line(line.decode("utf-8", "replace").rstrip("\n"))
    return b""


async def _keep_tail(process: asyncio.subprocess.Process, tail: bytearray) -> None:
    assert process.stderr is not None
    while block := await process.stderr.read(STDERR_TAIL_BYTES):
        tail += block
        del tail[:-STDERR_TAIL_BYTES]


async def _kill_group(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        _signal_group(process, signal.SIGKILL)
        # A second cancellation must not leave a zombie, so the short wait for a killed process is shielded.
        await asyncio.shield(process.wait())


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    # The launcher leads its own session, so its pid names the whole group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _text(tail: bytearray) -> str:
    return tail.decode("utf-8", "replace")
