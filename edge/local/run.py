"""`marquee run`: everything on one machine, started in order, watched, and ended in order.

What is large is imported where it is used, so that the children load their share at the same time.
"""

import asyncio
import shutil
import signal
import socket
import time
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from domain.settings import Settings
from edge.local.checks import CannotStart, check_room, hold_folder, take_port
from edge.local.children import Child, end_children
from edge.local.page import build_page, page_is_stale
from edge.local.postgres import LocalPostgres, LocalPostgresError
from edge.local.terminal import Terminal

WATCH_EVERY_S = 0.5
# Whoever presses Ctrl-C wants it now. A job that is cut off goes on from its last finished chunk.
DRAIN_S = 1.0
API_START_TIMEOUT_S = 60.0
API_POLL_S = 0.05
# A child that ends this often within the window will not get better by itself.
RESTARTS_MAX = 3
RESTART_WINDOW_S = 60.0


@dataclass
class House:
    """What is running here."""

    settings: Settings
    terminal: Terminal
    postgres: LocalPostgres | None = None
    children: list[Child] = field(default_factory=list)
    restarts: deque[float] = field(default_factory=deque)


async def run_locally(settings: Settings) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP, then end every process that was started.

    Raises:
        CannotStart: one line for people.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    with hold_folder(settings.data_dir), ExitStack() as exits:
        check_room(settings.data_dir, free_bytes=shutil.disk_usage(settings.data_dir).free)
        listener = exits.enter_context(take_port(settings))
        house = exits.enter_context(_ending(House(settings, Terminal())))
        await _until(stop, _live(house, listener))


async def _until(stop: asyncio.Event, living: Coroutine[None, None, None]) -> None:
    """Let `living` go on until it raises or somebody asks to stop."""
    tasks = {asyncio.create_task(living), asyncio.create_task(stop.wait())}
    done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    for task in done:
        task.result()


async def _live(house: House, listener: socket.socket) -> None:
    """Start everything in order, say that it is ready, and watch it."""
    began = time.monotonic()
    house.settings = replace(house.settings, database_url=_database(house))
    await _migrate(house)
    if page_is_stale():
        house.terminal.say("Building the page (once, and after changes to it) …")
        await build_page(house.settings.data_dir / "logs" / "page.log")
    _start_children(house, listener)
    watching = asyncio.create_task(_watch(house))
    preparing = asyncio.create_task(_prepare(house, began))
    try:
        await asyncio.wait({watching, preparing}, return_when=asyncio.FIRST_COMPLETED)
        # Whichever failed says why; watching never ends well by itself.
        await (watching if watching.done() else preparing)
        await watching
    finally:
        for task in (watching, preparing):
            task.cancel()
        await asyncio.gather(watching, preparing, return_exceptions=True)


async def _prepare(house: House, began: float) -> None:
    sign_ins = f" · sign in without a password as {await _demo(house)}" if house.settings.demo else ""
    await _api_answers(house)
    url = house.settings.public_url
    took = time.monotonic() - began
    house.terminal.say(f"Ready in {took:.1f} s: page {url} · GraphQL {url}/graphql{sign_ins} · Ctrl-C ends it")


async def _demo(house: House) -> str:
    """Make what is missing of the demo, and return who may sign in."""
    from domain.runtime import open_runtime
    from edge.demo.people import SIGN_INS
    from edge.demo.seed import DemoFailed, seed_demo

    async with open_runtime(house.settings) as runtime:
        try:
            await seed_demo(runtime, terminal=house.terminal)
        except DemoFailed as failed:
            raise CannotStart(str(failed)) from failed
    return SIGN_INS


def _database(house: House) -> str:
    if house.settings.database_url:
        return house.settings.database_url
    try:
        house.postgres = LocalPostgres.start(house.settings.data_dir / "postgres")
    except LocalPostgresError as failed:
        raise CannotStart(str(failed)) from failed
    return house.postgres.url


async def _migrate(house: House) -> None:
    from domain.kernel.faults import DRIVER_FAULTS
    from migrations import upgrade

    try:
        await upgrade(house.settings.database_url)
    except DRIVER_FAULTS as fault:
        reason = str(fault.__cause__ or fault).partition("\n")[0]
        raise CannotStart(f"the database cannot be migrated: {reason}") from fault


def _start_children(house: House, listener: socket.socket) -> None:
    logs = house.settings.data_dir / "logs"
    environ = {"DATABASE_URL": house.settings.database_url, "LOG_FORMAT": "json"}
    number = listener.fileno()
    house.children = [
        Child("API", ("serve", "--fd", str(number)), environ, logs / "api.log", pass_fds=(number,)),
        Child("worker", ("worker", "--drain-s", str(DRAIN_S)), environ, logs / "worker.log"),
    ]
    for child in house.children:
        child.start()


async def _api_answers(house: House) -> None:
    """Wait until the API says that it is ready."""
    settings = house.settings
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0", "::") else settings.host  # noqa: S104 (compared, not bound)
    address = f"http://[{host}]" if ":" in host else f"http://{host}"
    deadline = time.monotonic() + API_START_TIMEOUT_S
    while time.monotonic() < deadline:
        if await asyncio.to_thread(_is_ready, f"{address}:{settings.port}/readyz"):
            return
        await asyncio.sleep(API_POLL_S)
    raise CannotStart(f"the API did not get ready within {API_START_TIMEOUT_S:.0f} s: see {house.children[0].log_path}")


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5.0) as response:  # noqa: S310 (an http address of ours)
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


async def _watch(house: House) -> None:
    """Show the children's errors, and start again whatever ends by itself.

    Raises:
        CannotStart: something ends again and again.
    """
    while True:
        if house.postgres is not None and house.postgres.pid is None:
            _count_restart(house, "PostgreSQL", str(house.postgres.log_path))
            try:
                house.postgres.resume()
            except LocalPostgresError as failed:
                raise CannotStart(str(failed)) from failed
        for child in house.children:
            for error in child.new_errors():
                house.terminal.say(f"{child.name}: {error}")
            if not child.is_running:
                _count_restart(house, f"the {child.name}", f"{child.last_words()}; see {child.log_path}")
                child.start()
        await asyncio.sleep(WATCH_EVERY_S)


def _count_restart(house: House, what: str, reason: str) -> None:
    now = time.monotonic()
    house.restarts.append(now)
    while now - house.restarts[0] > RESTART_WINDOW_S:
        house.restarts.popleft()
    if len(house.restarts) > RESTARTS_MAX:
        raise CannotStart(f"{what} ends again and again: {reason}")
    house.terminal.say(f"{what} ended by itself and is started again: {reason}")


@contextmanager
def _ending(house: House) -> Iterator[House]:
    """End the house when the block ends: first what serves and works, then the database under it."""
    try:
        yield house
    finally:
        # From here on a second Ctrl-C means "now".
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if house.children:
            house.terminal.say("Stopping …")
        try:
            end_children(house.children)
        except KeyboardInterrupt:
            end_children(house.children, at_once=True)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if house.postgres is not None:
            house.postgres.stop()
