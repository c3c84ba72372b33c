"""The npm packages that tests drive: installed from their lock when that has changed, and run with node."""

import asyncio
import fcntl
import os
import subprocess
from pathlib import Path

from edge.local.page import find_node

HERE = Path(__file__).parent / "npm"
MODULES = HERE / "node_modules"
INSTALL_TIMEOUT_S = 300
RUN_TIMEOUT_S = 60


def install(here: Path = HERE) -> None:
    """Install what the lock of a folder names, once; another test process waits for it."""
    lock = (here / "package-lock.json").read_text()
    stamp = here / "node_modules" / ".installed-from"
    with (here / "package.json").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == lock:
            return
        _, npm = find_node()
        subprocess.run(
            [*npm, "ci", "--no-audit", "--no-fund"],
            cwd=here,
            env=_environ(),
            check=True,
            capture_output=True,
            timeout=INSTALL_TIMEOUT_S,
        )
        stamp.write_text(lock)


async def start(script: str, *arguments: object, here: Path = HERE) -> asyncio.subprocess.Process:
    """Start a script of ours; its output is read, and its input written, by whoever starts it."""
    return await asyncio.create_subprocess_exec(
        "node",
        here / script,
        *(str(argument) for argument in arguments),
        cwd=here,
        env=_environ(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def run(script: str, *arguments: object, cwd: Path = HERE) -> str:
    """Run a script, or a tool of `node_modules`, to its end and return what it printed."""
    process = await asyncio.create_subprocess_exec(
        "node",
        HERE / script,
        *(str(argument) for argument in arguments),
        cwd=cwd,
        env=_environ(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(RUN_TIMEOUT_S):
        printed, complained = await process.communicate()
    assert process.returncode == 0, (printed + complained).decode()
    return printed.decode()


def _environ() -> dict[str, str]:
    folder, _ = find_node()
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
