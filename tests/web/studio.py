"""What an editor does in the studio's pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.async_api import expect

from tests.web.screen import Screen

# Encoding twelve seconds takes a few on an idle machine; a busy one gets its time.
ENCODED_WITHIN_MS = 240_000


@dataclass(frozen=True)
class Film:
    """A published title: its id, and what the studio's log said on the way, oldest first."""

    title_id: str
    log: tuple[str, ...]


async def create_title(screen: Screen, *, name: str) -> str:
    """Fill the form for a new title, and return the id of what it made."""
    page = screen.page
    await screen.go("/studio/new")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("What it is about").fill("A keeper who has not slept in nine days.")
    await page.get_by_label("Year").fill("2026")
    await page.get_by_role("button", name="Create the title").click()
    await expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    return unquote(urlsplit(page.url).path.rsplit("/", 1)[-1])


async def upload_clip(screen: Screen, clip: Path, *, subtitles: Sequence[Path] = ()) -> None:
    """Choose a clip and its subtitles, and hand them over."""
    page = screen.page
    await page.get_by_label("Choose a clip").set_input_files(clip)
    if subtitles:
        await page.get_by_label("Add subtitles").set_input_files(list(subtitles))
    await page.get_by_role("button", name="Upload and encode").click()


async def publish_film(screen: Screen, *, name: str, clip: Path, subtitles: Sequence[Path], territory: str) -> Film:
    """Take a clip from a file to the screen."""
    page = screen.page
    title_id = await create_title(screen, name=name)
    await upload_clip(screen, clip, subtitles=subtitles)
    await expect(page.get_by_text("Ready to play", exact=True).first).to_be_visible(timeout=ENCODED_WITHIN_MS)
    await page.get_by_label("Territory").select_option(territory)
    await page.get_by_role("button", name="Grant this right").click()
    await expect(page.get_by_role("button", name="Take back the right")).to_be_visible()
    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(page.get_by_role("link", name="Watch it")).to_be_visible()
    lines = await page.get_by_role("log").locator("li span").all_inner_texts()
    return Film(title_id, tuple(reversed(lines)))
