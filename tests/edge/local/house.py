"""A real `marquee run` as a child process, and what it leaves behind."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[3]
READY_TIMEOUT_S = 120.0
END_TIMEOUT_S = 60.0
POLL_S = 0.05


@dataclass
class House:
    """A running `marquee run`: its output so far, and every process it has had."""

    process: "subprocess.Popen[str]"
    port: int
    lines: list[str] = field(default_factory=list)
    seen: set[psutil.Process] = field(default_factory=set)

    def await_line(self, part: str, *, timeout_s: float = READY_TIMEOUT_S) -> str:
        """Wait for a line of output that contains `part`, and return it."""
        return self.await_lines(part, 1, timeout_s=timeout_s)[0]

    def await_lines(self, part: str, count: int, *, timeout_s: float = READY_TIMEOUT_S) -> list[str]:
        """Wait for that many lines that contain `part`, and return them."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found = [line for line in list(self.lines) if part in line]
            if len(found) >= count:
                return found
            assert self.process.poll() is None, f"ended with {self.process.returncode}: {self.lines}"
            time.sleep(POLL_S)
        raise AssertionError(f"no {part!r} within {timeout_s:.0f} s: {self.lines}")

    def look(self) -> list[psutil.Process]:
        """Remember and return the processes below it."""
        try:
            below = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        self.seen |= set(below)
        return below

    def child(self, word: str) -> psutil.Process:
        """Return the process below it with this word, or the program of this name, in its command line."""
        return next(
            found
            for found in self.look()
            if any(part == word or part.endswith(f"/bin/{word}") for part in found.cmdline())
        )

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.look()
        self.process.send_signal(number)
        return self.process.wait(END_TIMEOUT_S)

    def left_behind(self) -> list[psutil.Process]:
        """Return the processes that outlived it, after a moment's grace for those that are ending."""
        deadline = time.monotonic() + END_TIMEOUT_S
        while (left := [found for found in self.seen if _is_alive(found)]) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return left

    def status_of(self, path: str) -> int:
        """Return the status of a GET, 0 when nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return int(response.status)
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return 0


@contextmanager
def running(data_dir: Path, port: int, **environ: str) -> Iterator[House]:
    """Start `marquee run` without the demo, and kill whatever is left of it in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "edge", "run"],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port), "DEMO": "false", **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    house = House(process, port)
    reader = threading.Thread(target=_read, args=(process, house.lines), daemon=True)
    reader.start()
    try:
        yield house
    finally:
        house.look()
        process.kill()
        process.wait()
        for found in house.seen:
            if _is_alive(found):
                found.kill()
        reader.join(END_TIMEOUT_S)


def run_to_its_end(data_dir: Path, port: int, **environ: str) -> tuple[int, str]:
    """Run `marquee run`, which is expected to give up, and return its status and output."""
    with running(data_dir, port, **environ) as house:
        status = house.process.wait(READY_TIMEOUT_S)
    return status, "".join(house.lines)


def _read(process: "subprocess.Popen[str]", lines: list[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
