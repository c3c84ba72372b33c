"""The lobby: signing in, finding a film, by keyboard, on a phone."""

import pytest
from playwright.async_api import expect

from tests.web.conftest import OpenScreen
from tests.web.studio import Film

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}


async def test_a_film_is_found_and_started_by_keyboard_alone(open_screen: OpenScreen, film: Film) -> None:
    screen = await open_screen()
    page = screen.page
    await screen.go("/")
    await page.locator("[data-persona=VIEWER]").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="The Lighthouse Shift")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the page")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await screen.until("document.querySelector('video')?.currentTime > 0.3")


async def test_a_film_left_unfinished_is_offered_again(open_screen: OpenScreen, film: Film) -> None:
    screen = await open_screen("VIEWER")
    await screen.watch(film.title_id, "?from=start")
    await screen.page.keyboard.press("5")
    await screen.until("document.querySelector('video').currentTime >= 6")
    await screen.wake()
    await screen.page.get_by_role("link", name="Back to The Lighthouse Shift").click()
    await expect(screen.page.get_by_role("link", name="Resume at 0:06")).to_be_visible()
    await screen.go("/")
    shelf = screen.page.get_by_role("region", name="Continue watching")
    await expect(shelf.get_by_role("link")).to_have_count(1)


async def test_every_page_fits_a_phone(open_screen: OpenScreen, film: Film) -> None:
    screen = await open_screen("EDITOR", **PHONE)
    title = film.title_id
    for path in ("/", f"/title/{title}", "/studio", "/studio/new", f"/studio/titles/{title}", f"/watch/{title}"):
        await screen.go(path)
        await expect(screen.page.get_by_role("heading").first).to_be_visible()
        assert not await screen.is_wider_than_screen(), path


async def test_an_address_that_leads_nowhere_says_so(open_screen: OpenScreen) -> None:
    screen = await open_screen("VIEWER")
    await screen.go("/nowhere/at/all")
    await expect(screen.page.get_by_role("heading", name="No screen behind this door")).to_be_visible()
    await screen.go("/title/bm90aGluZw")
    await expect(screen.page.get_by_role("heading", name="This title isn’t showing")).to_be_visible()


async def test_signing_out_leads_back_to_the_tickets(open_screen: OpenScreen) -> None:
    screen = await open_screen("VIEWER")
    await screen.page.get_by_role("button", name="Account:").click()
    await screen.page.get_by_role("button", name="Sign out").click()
    await expect(screen.page.get_by_role("heading", name="Pick a ticket")).to_be_visible()
    await screen.page.reload()
    await expect(screen.page.get_by_role("heading", name="Pick a ticket")).to_be_visible()
