"""What is looked at before anything starts, so that a wrong surrounding is named in one line.

CannotStart
├── AlreadyRunning      another `marquee run` has the data folder
├── FolderUnusable      the data folder cannot be written
├── DiskFull            too little room for what comes
└── PortTaken           HOST and PORT cannot be listened on
"""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from domain.settings import Settings

MIB = 1024**2
# The demo's sources, its packages and the database take about half of this.
ROOM_FOR_A_FIRST_START_BYTES = 1024 * MIB
ROOM_FOR_A_LATER_START_BYTES = 128 * MIB


class CannotStart(click.ClickException):
    """Something outside must change first. The message is one line and says what."""

    def show(self, file: object = None) -> None:
        click.echo(f"marquee: {self.message}", err=True)


class AlreadyRunning(CannotStart):
    """Another `marquee run` has the data folder."""


class FolderUnusable(CannotStart):
    """The data folder cannot be written."""


class DiskFull(CannotStart):
    """Too little room for what comes."""


class PortTaken(CannotStart):
    """HOST and PORT cannot be listened on."""


@contextmanager
def hold_folder(data_dir: Path) -> Iterator[None]:
    """Make the data folder and keep it for this process until the block ends, or the process does.

    Raises:
        AlreadyRunning, FolderUnusable, DiskFull.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(data_dir / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise _folder_fault(data_dir, fault) from fault
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            owner = os.pread(handle, 32, 0).decode(errors="replace").strip() or "?"
            raise AlreadyRunning(
                f"already running on {data_dir} (process {owner}): use that one, or end it, or set DATA_DIR and PORT"
            ) from taken
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        except OSError as fault:
            raise _folder_fault(data_dir, fault) from fault
        yield
    finally:
        os.close(handle)


def check_room(data_dir: Path, *, free_bytes: int) -> None:
    """Refuse to start on a disk that will be full before we are done; `free_bytes` are left there.

    Raises:
        DiskFull.
    """
    is_first = not (data_dir / "media").exists()
    needed = ROOM_FOR_A_FIRST_START_BYTES if is_first else ROOM_FOR_A_LATER_START_BYTES
    if free_bytes < needed:
        raise DiskFull(
            f"the disk of {data_dir} has {free_bytes // MIB} MiB left and {needed // MIB} MiB are needed: "
            "make room, or set DATA_DIR to another disk"
        )


def take_port(settings: Settings) -> socket.socket:
    """Bind HOST and PORT at once, so that nobody takes it while we prepare. It is listened on later.

    Raises:
        PortTaken.
    """
    place = f"{settings.host}:{settings.port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
    except OSError as fault:
        raise PortTaken(f"HOST: {settings.host} is no address of this machine ({fault.strerror})") from fault
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # A bound socket that does not listen keeps others out, but not one that asks to share the address.
        listener.listen(socket.SOMAXCONN)
    except OSError as fault:
        listener.close()
        if fault.errno == errno.EADDRINUSE:
            raise PortTaken(f"{place} is taken by another program: end it, or set PORT, as in PORT=8001") from fault
        raise PortTaken(f"{place} cannot be listened on: {fault.strerror}") from fault
    return listener


def _folder_fault(data_dir: Path, fault: OSError) -> CannotStart:
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(f"the disk of {data_dir} is full: make room, or set DATA_DIR to another disk")
    return FolderUnusable(f"{data_dir} cannot be used as the data folder ({fault.strerror}): set DATA_DIR to another")
