"""A worker's scratch space: one folder a process, removed when it ends, and by the next worker when it was killed."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

LOCK_NAME = ".lock"


class Scratch:
    """Folders below one root, each for one piece of work."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    @contextmanager
    def open(cls, parent: Path) -> Iterator["Scratch"]:
        """Make this process its own root below `parent` and remove what killed processes left there.

        Each root holds a locked file: the lock ends with its process, however that ends.
        """
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _locked(parent / LOCK_NAME):
            # Nobody may take a root for an orphan between its making and its locking.
            _remove_orphans(parent)
            root = Path(mkdtemp(prefix="worker-", dir=parent))
            lock = os.open(root / LOCK_NAME, os.O_CREAT | os.O_RDWR, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield cls(root)
        finally:
            shutil.rmtree(root, ignore_errors=True)
            os.close(lock)

    def room_bytes(self) -> int:
        """Return how much can still be written here."""
        return shutil.disk_usage(self.root).free

    @contextmanager
    def folder(self, name: str) -> Iterator[Path]:
        """Lend an empty folder and remove it with everything in it."""
        path = Path(mkdtemp(prefix=f"{name}-", dir=self.root))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _remove_orphans(parent: Path) -> None:
    for root in parent.glob("worker-*"):
        lock = os.open(root / LOCK_NAME, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            shutil.rmtree(root, ignore_errors=True)
        finally:
            os.close(lock)
