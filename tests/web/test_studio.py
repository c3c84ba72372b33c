"""The editor's pages in a real browser."""

from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from tests.web.conftest import OpenScreen
from tests.web.screen import SOON_MS
from tests.web.studio import ENCODED_WITHIN_MS, Film, create_title, upload_clip

pytestmark = pytest.mark.browser


async def test_a_clip_goes_from_a_file_to_the_screen_through_the_studio(film: Film) -> None:
    told = [line for line in film.log if not line.startswith("Encoding:")]
    sent = [told.index(line) for line in ("Sending lighthouse.mkv", "lighthouse.mkv has arrived", "Ready to play")]
    assert sent == sorted(sent)
    assert any(line.startswith("Encoding:") and line.endswith("parts done") for line in film.log)
    assert told[-2:] == ["Right granted: Germany", "Published"]


async def test_a_file_that_is_no_video_is_turned_down_in_plain_words(open_screen: OpenScreen, tmp_path: Path) -> None:
    screen = await open_screen("EDITOR")
    await create_title(screen, name="Not a film")
    text = tmp_path / "notes.mp4"
    text.write_text("These are my notes. " * 200)
    await upload_clip(screen, text)
    refusal = screen.page.get_by_role("alert").filter(has_text="The file is not a video.")
    await expect(refusal).to_be_visible(timeout=ENCODED_WITHIN_MS)
    await expect(screen.page.get_by_text("Turned down", exact=True)).to_be_visible()
    await expect(screen.page.get_by_role("log")).to_contain_text("Turned down: The file is not a video.")


async def test_an_upload_goes_on_after_the_connection_broke(open_screen: OpenScreen, tmp_path: Path) -> None:
    screen = await open_screen("EDITOR")
    await create_title(screen, name="Broken off")
    notes = tmp_path / "long-notes.mp4"
    notes.write_text("These are my notes. " * 500_000)
    broken: list[str] = []

    async def break_once(route: Route) -> None:
        if route.request.method == "PATCH" and len(broken) < 2:
            broken.append(route.request.url)
            await route.abort("connectionreset")
        else:
            await route.continue_()

    await screen.page.route("**/uploads/*", break_once)
    await upload_clip(screen, notes)
    await expect(screen.page.get_by_role("log")).to_contain_text("long-notes.mp4 has arrived", timeout=SOON_MS)
    assert len(broken) == 2
    assert all("ERR_CONNECTION_RESET" in complaint for complaint in screen.complaints)
    screen.complaints.clear()


async def test_a_viewer_is_kept_out_of_the_studio(open_screen: OpenScreen) -> None:
    screen = await open_screen("VIEWER")
    await expect(screen.page.get_by_role("link", name="Studio")).to_have_count(0)
    await screen.go("/studio")
    await expect(screen.page.get_by_role("heading", name="Editors only")).to_be_visible()
