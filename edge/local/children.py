"""The API and the worker as children of `marquee run`: logs to files, errors to the terminal, one way to end them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from edge.local.parent import tied_to_us

STOP_TIMEOUT_S = 20.0
LOG_KEPT_BYTES = 10 * 1024**2
READ_AT_ONCE_BYTES = 256 * 1024
LOUD_LEVELS = ("error", "critical")


@dataclass
class Child:
    """One process of ours. It has a session of its own, so that Ctrl-C reaches it through us, in order."""

    name: str
    arguments: Sequence[str]
    environ: Mapping[str, str]
    log_path: Path
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    _read_to: int = 0
    _partial: bytes = field(default=b"", repr=False)

    def start(self) -> None:
        """Start the process. Call it from the main thread: a child ends with the thread that started it."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_KEPT_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".old.log"))
        with self.log_path.open("ab") as log:
            self._read_to, self._partial = log.tell(), b""
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edge", *self.arguments],
                env={**os.environ, **self.environ, **tied_to_us()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=self.pass_fds,
            )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def new_errors(self) -> list[str]:
        """Return the errors the process logged since the last call, as lines for people."""
        with self.log_path.open("rb") as log:
            log.seek(self._read_to)
            fresh = log.read(READ_AT_ONCE_BYTES)
        self._read_to += len(fresh)
        *lines, self._partial = (self._partial + fresh).split(b"\n")
        return [error for line in lines if (error := _error_in(line))]

    def last_words(self) -> str:
        """Return the last line the process wrote, for when it ended by itself."""
        lines = self.log_path.read_text(errors="replace").strip().splitlines()
        return _event_in(lines[-1]) if lines else "it said nothing"


def end_children(children: Sequence[Child], *, at_once: bool = False) -> None:
    """Ask all children to end, wait, and kill what is left of them and of the processes they started."""
    trees = [_tree_of(child) for child in children]
    for child in children:
        if child.process is not None and child.is_running:
            child.process.send_signal(signal.SIGKILL if at_once else signal.SIGTERM)
    deadline = time.monotonic() + (0.0 if at_once else STOP_TIMEOUT_S)
    for child in children:
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
    left = [process for tree in trees for process in tree if process.is_running()]
    _, stubborn = psutil.wait_procs(left, timeout=1.0)
    for process in stubborn:
        process.kill()


def _tree_of(child: Child) -> list[psutil.Process]:
    """Return the processes below a child. psutil compares start times, so a reused number is never meant."""
    if child.process is None or not child.is_running:
        return []
    try:
        return psutil.Process(child.process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _error_in(line: bytes) -> str | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    if not isinstance(entry, dict) or entry.get("level") not in LOUD_LEVELS:
        return None
    return _told(entry)


def _event_in(line: str) -> str:
    try:
        entry = json.loads(line)
    except ValueError:
        return line.strip()
    return _told(entry) if isinstance(entry, dict) else line.strip()


def _told(entry: Mapping[str, object]) -> str:
    details = {name: value for name, value in entry.items() if name not in ("event", "level", "timestamp", "exception")}
    return " ".join([str(entry.get("event", "?")), *(f"{name}={value}" for name, value in details.items())])
