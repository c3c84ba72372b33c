"""Becomes another program after giving up root. Run as a script; it imports nothing of ours.

    python -I -S postgres_launcher.py <user name or -> <keep-reach or -> <parent pid> <program> [arguments]

PostgreSQL refuses to run as root. With `keep-reach` the program may still walk through folders that only root may
enter (capabilities(7), CAP_DAC_READ_SEARCH): the data folder and the programs may lie below `/root`.
"""

import ctypes
import os
import pwd
import signal
import sys

# linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
# linux/capability.h
CAPABILITY_VERSION_3 = 0x20080522
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def become(user: str, *, keep_reach: bool) -> None:
    """Give up root for `user`, keeping at most the one capability that opens the way to our own folders."""
    libc = ctypes.CDLL(None, use_errno=True)
    entry = pwd.getpwnam(user)
    capability = _reach(libc) if keep_reach else None
    if capability is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    os.environ["HOME"] = "/"
    if capability is not None:
        mask = 1 << capability
        sets = (_Sets * 2)(_Sets(mask, mask, mask), _Sets(0, 0, 0))
        libc.capset(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), sets)
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _reach(libc: ctypes.CDLL) -> int | None:
    """Return the narrowest capability we hold that passes closed folders. Containers usually lack the first."""
    sets = (_Sets * 2)()
    libc.capget(ctypes.byref(_Header(CAPABILITY_VERSION_3, 0)), sets)
    for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
        if sets[0].permitted & (1 << capability):
            return capability
    return None


def main(arguments: list[str]) -> None:
    """Give up root, arrange to end with the parent, and become the program."""
    user, reach, parent, *command = arguments
    if user != "-":
        become(user, keep_reach=reach == "keep-reach")
    if sys.platform == "linux":
        # After the change of user, which clears it. SIGINT is PostgreSQL's fast, orderly shutdown.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit("the starting process ended")
    os.execv(command[0], command)  # noqa: S606 (becoming the program is the point)


if __name__ == "__main__":
    main(sys.argv[1:])
