"""Whether a fault means that there is no room: on the disk a worker works on, or in a store that is a folder."""

import errno
import shutil
from pathlib import Path

# A quota that is used up is a full disk to whoever has it.
_FULL_NUMBERS = frozenset({errno.ENOSPC, errno.EDQUOT})
_FULL_WORDS = ("No space left on device", "Disk quota exceeded")
# Programs do not always say why they could not write. With less than this left they hardly could.
LITTLE_BYTES = 1 << 20


class DiskFull(Exception):
    """A media program, or the worker itself, found no room on its disk. The same may succeed once there is some."""

    def __init__(self) -> None:
        super().__init__("the disk is full")


def is_full(fault: OSError) -> bool:
    """Tell whether a fault of the system means that there is no room."""
    return fault.errno in _FULL_NUMBERS


def says_full(complaint: str) -> bool:
    """Tell whether a program's own words mean that there is no room."""
    return any(words in complaint for words in _FULL_WORDS)


def is_without_room(folder: Path) -> bool:
    """Tell whether next to nothing can be written where a folder is."""
    return shutil.disk_usage(folder).free < LITTLE_BYTES
