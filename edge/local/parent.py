"""Ties a process to the one that started it, so that even a killed parent leaves nothing behind."""

import ctypes
import os
import signal
import sys

# Set for every child: the process id it must not outlive.
PARENT_VARIABLE = "MARQUEE_PARENT_PID"
# linux/prctl.h
PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel for SIGTERM when the parent ends, if we were started as somebody's child. Linux only."""
    parent = os.environ.pop(PARENT_VARIABLE, "")
    if not parent or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(parent):
        # It ended before we asked.
        sys.exit(0)


def tied_to_us() -> dict[str, str]:
    """Return the variables with which a child finds us."""
    return {PARENT_VARIABLE: str(os.getpid())}
