"""Runs as a tiny program of its own: locks itself in, then becomes the media program.

A fresh interpreter does this instead of a `preexec_fn`, because running Python between fork and exec of a process with
threads can deadlock. It uses the standard library only and is started with `-I -S`, which costs about 15 ms.

The layers, each of which stands when another is missing:

- the process dies with its parent, so a killed worker leaves no encoder behind;
- limits on CPU seconds, address space, file size and open files;
- an empty network namespace, where the kernel lets us make one;
- Landlock: only the named files can be read and only the named folders written (Linux 5.13 and later);
- seccomp: no sockets, no io_uring, no looking into other processes.

On Linux it refuses to go on when neither the namespace nor seccomp took. Elsewhere only the limits apply.

Sources: Linux `Documentation/userspace-api/landlock.rst` and `seccomp_filter.rst`, prctl(2), seccomp(2).
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import resource
import signal
import stat
import struct
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
SECCOMP_MODE_FILTER = 2
CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
REFUSED_EXIT_CODE = 126
MAX_OPEN_FILES = 512

# Landlock system calls have the same numbers on every architecture.
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
LANDLOCK_RULE_PATH_BENEATH = 1
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REFER, TRUNCATE, IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
# Rights 0-12 exist since the first version; later ones arrived with versions 2, 3 and 5.
FIRST_RIGHTS = (1 << 13) - 1
FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
# What a dynamically linked program reads before main, and where encoders look up the processor.
SYSTEM_READS = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/etc/ld.so.cache",
    "/dev/urandom",
    "/sys/devices/system",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
)

# (audit architecture, {denied system call: number}); x86-64 from unistd_64.h, aarch64 from asm-generic/unistd.h.
SYSTEM_CALLS = {
    "x86_64": (0xC000003E, {"socket": 41, "socketpair": 53, "ptrace": 101, "vm_read": 310, "vm_write": 311}),
    "aarch64": (0xC00000B7, {"socket": 198, "socketpair": 199, "ptrace": 117, "vm_read": 270, "vm_write": 271}),
}
IO_URING_SETUP = 425
X32_CALLS = 0x40000000
EACCES = 13


def main() -> None:
    order = json.loads(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "linux":
        _die_with_parent(libc, order["parent_pid"])
    _limit(order)
    if sys.platform == "linux":
        alone = libc.unshare(CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWUSER | CLONE_NEWNET) == 0
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _confine_files(libc, order)
        silent = _deny_sockets(libc)
        if not (alone or silent):
            _refuse("neither a network namespace nor seccomp is available")
    argv = order["argv"]
    os.execve(argv[0], argv, dict(os.environ))  # noqa: S606 - becoming the program is the purpose of this file


def _refuse(reason: str) -> None:
    sys.stderr.write(f"sandbox: {reason}\n")
    sys.stderr.flush()
    os._exit(REFUSED_EXIT_CODE)


def _die_with_parent(libc: ctypes.CDLL, parent_pid: int) -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    # The parent may have died before the request took effect; then nobody would ever end this process.
    if os.getppid() != parent_pid:
        _refuse("the parent is gone")


def _limit(order: dict[str, int]) -> None:
    os.nice(order["niceness"])
    wanted = (
        (resource.RLIMIT_CPU, order["cpu_s"]),
        (resource.RLIMIT_AS, order["memory_bytes"]),
        (resource.RLIMIT_FSIZE, order["file_size_bytes"]),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    )
    for kind, amount in wanted:
        _, ceiling = resource.getrlimit(kind)
        bounded = amount if ceiling == resource.RLIM_INFINITY else min(amount, ceiling)
        resource.setrlimit(kind, (bounded, bounded))


def _confine_files(libc: ctypes.CDLL, order: dict[str, list[str]]) -> None:
    version = libc.syscall(LANDLOCK_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return
    handled = FIRST_RIGHTS
    handled |= REFER if version >= 2 else 0
    handled |= TRUNCATE if version >= 3 else 0
    handled |= IOCTL_DEVICE if version >= 5 else 0
    # The second and third words forbid TCP (version 4) and abstract sockets and signals outside (version 6).
    words = [handled] + ([3] if version >= 4 else []) + ([3] if version >= 6 else [])
    attributes = struct.pack(f"={len(words)}Q", *words)
    ruleset = libc.syscall(LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        _refuse("Landlock is there but made no ruleset")
    _allow(libc, ruleset, order["argv"][:1], handled & (EXECUTE | READ_FILE))
    _allow(libc, ruleset, SYSTEM_READS, handled & (EXECUTE | READ_FILE | READ_DIR))
    _allow(libc, ruleset, order["reads"], handled & (READ_FILE | READ_DIR))
    _allow(libc, ruleset, [*order["writes"], "/dev/null"], handled & ~EXECUTE)
    if libc.syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0) != 0:
        _refuse("Landlock did not take")
    os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, paths: list[str] | tuple[str, ...], rights: int) -> None:
    for path in paths:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # An absent path needs no permission.
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        rule = struct.pack("=Qi", rights if folder else rights & FILE_RIGHTS, descriptor)
        if libc.syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0) != 0:
            _refuse(f"Landlock refused a rule for {path}")
        os.close(descriptor)


def _deny_sockets(libc: ctypes.CDLL) -> bool:
    known = SYSTEM_CALLS.get(platform.machine())
    if known is None:
        return False
    architecture, numbers = known
    program = _filter(architecture, [*numbers.values(), IO_URING_SETUP])
    instructions = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: a 16-bit length, padding, a pointer.
    prog = struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions))
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, prog, 0, 0) == 0)


def _filter(architecture: int, denied: list[int]) -> bytes:
    """Classic BPF over `struct seccomp_data`: denied calls return EACCES, a foreign architecture ends the process."""
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06
    kill, allow, errno_eacces = 0x80000000, 0x7FFF0000, 0x00050000 | EACCES

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("=HBBI", code, yes, no, value)

    steps = [
        step(load, 4),
        step(equal, architecture, yes=1),
        step(give, kill),
        step(load, 0),
        step(at_least, X32_CALLS, yes=len(denied) + 1),
    ]
    for position, number in enumerate(denied):
        steps.append(step(equal, number, yes=len(denied) - position))
    return b"".join([*steps, step(give, allow), step(give, errno_eacces)])


if __name__ == "__main__":
    main()
