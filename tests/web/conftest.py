"""A house for the browser: server and worker as processes of their own, a film put in through the studio, Chromium."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from domain.media.tools import MediaTools
from edge.local.page import build_page, page_is_stale
from migrations import upgrade
from tests.conftest import ScratchDatabases
from tests.web.screen import Screen
from tests.web.studio import Film, publish_film

ROOT = Path(__file__).resolve().parents[2]
MASTER_KEYS = "test:" + "QUFB" * 10 + "QUE="
READY_WITHIN_S = 60
CLIP_S = 12
SUBTITLES = {
    "de": "1\n00:00:01,000 --> 00:00:11,000\nHallo vom Leuchtturm\n",
    "en": "1\n00:00:01,000 --> 00:00:11,000\nHello from the lighthouse\n",
}


@dataclass(frozen=True)
class House:
    """A running Marquee."""

    url: str
    log_path: Path
    database_url: str
    folder: Path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _start(command: str, environ: Mapping[str, str], log_path: Path) -> subprocess.Popen[bytes]:
    with log_path.open("ab") as log:
        arguments = [sys.executable, "-m", "edge.cli", command]
        return subprocess.Popen(arguments, cwd=ROOT, env=environ, stdout=log, stderr=log)


async def _wait_until_ready(url: str, processes: list[subprocess.Popen[bytes]], log_path: Path) -> None:
    give_up = time.monotonic() + READY_WITHIN_S
    async with httpx.AsyncClient() as client:
        while time.monotonic() < give_up:
            assert all(process.poll() is None for process in processes), log_path.read_text()[-4000:]
            try:
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                # Not listening yet.
                pass
            await asyncio.sleep(0.1)
    pytest.fail(f"the house was not ready in {READY_WITHIN_S} s: {log_path.read_text()[-4000:]}")


@pytest.fixture(scope="session")
async def house(scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """Server and worker on a database and a media folder of their own, and the built page."""
    folder = tmp_path_factory.mktemp("house")
    log_path = folder / "house.log"
    if page_is_stale():
        await build_page(log_path)
    port = _free_port()
    url = f"http://localhost:{port}"
    environ = {
        **os.environ,
        "DATABASE_URL": await scratch_databases.create(),
        "DATA_DIR": str(folder),
        "MEDIA_URL": (folder / "media").as_uri(),
        "MASTER_KEYS": MASTER_KEYS,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "PUBLIC_URL": url,
        # The page has to get by with what its build has registered.
        "GRAPHQL_TRUSTED_ONLY": "true",
    }
    await upgrade(environ["DATABASE_URL"])
    processes = [_start(name, environ, log_path) for name in ("serve", "worker")]
    try:
        await _wait_until_ready(url, processes, log_path)
        yield House(url, log_path, environ["DATABASE_URL"], folder)
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(30)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The machine's Chromium. A missing one is a failure, not a reason to leave tests out."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Chromium is missing: apt-get install chromium"
    return found


@pytest.fixture(scope="session")
async def browser(chromium_path: str) -> AsyncIterator[Browser]:
    """One headless Chromium for all tests."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=flags)
        yield browser
        await browser.close()


OpenScreen = Callable[..., Awaitable[Screen]]


@pytest.fixture
async def open_screen(house: House, browser: Browser) -> AsyncIterator[OpenScreen]:
    """Opens a screen of a viewer of its own. At the end no screen may have complained or talked to strangers."""
    screens: list[Screen] = []

    async def open_one(persona: str | None = None, *, width: int = 1280, height: int = 800) -> Screen:
        screen = await Screen.open(browser, house.url, persona, width=width, height=height)
        screens.append(screen)
        return screen

    yield open_one
    for screen in screens:
        await screen.close()
    for screen in screens:
        assert screen.complaints == []


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of 720p with sound in English and German."""
    path = tmp_path_factory.mktemp("clip") / "lighthouse.mkv"
    tones = [part for hertz in (330, 220) for part in ("-f", "lavfi", "-i", f"sine=f={hertz}:d={CLIP_S}")]
    languages = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"]
    source = ["-f", "lavfi", "-i", f"testsrc2=s=1280x720:r=24:d={CLIP_S}", *tones]
    maps = ["-map", "0:v", "-map", "1:a", "-map", "2:a", *languages]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([MediaTools.find().ffmpeg, "-v", "error", *source, *maps, *codecs, path], check=True)
    return path


@pytest.fixture(scope="session")
def subtitle_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One SRT file a language, named so that the page can guess it."""
    folder = tmp_path_factory.mktemp("subtitles")
    paths = []
    for language, text in SUBTITLES.items():
        path = folder / f"lighthouse.{language}.srt"
        path.write_text(text)
        paths.append(path)
    return paths


@pytest.fixture(scope="session")
async def film(house: House, browser: Browser, clip: Path, subtitle_files: list[Path]) -> Film:
    """A film that an editor has put on the screen, through the studio's pages only."""
    screen = await Screen.open(browser, house.url, "EDITOR")
    film = await publish_film(screen, name="The Lighthouse Shift", clip=clip, subtitles=subtitle_files, territory="DE")
    await screen.close()
    assert screen.complaints == []
    return film
