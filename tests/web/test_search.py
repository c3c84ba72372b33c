"""Looking for a film: suggestions while typing, results that forgive slips, all by keyboard."""

import pytest
from playwright.async_api import expect

from tests.web.conftest import OpenScreen
from tests.web.studio import Film

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}


async def test_a_film_is_found_while_it_is_typed(open_screen: OpenScreen, film: Film) -> None:
    screen = await open_screen("VIEWER")
    page = screen.page
    await screen.go("/")
    await page.get_by_role("link", name="Search", exact=True).click()
    field = page.get_by_role("combobox", name="Search titles, people and genres")
    await expect(field).to_be_focused()
    await field.press_sequentially("lighth")
    await expect(page.get_by_role("option", name="The Lighthouse Shift")).to_be_visible()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="The Lighthouse Shift")).to_be_visible()


async def test_a_slip_of_the_finger_is_forgiven(open_screen: OpenScreen, film: Film) -> None:
    screen = await open_screen("VIEWER", **PHONE)
    page = screen.page
    await screen.go("/search?q=lihgthouse")
    await expect(page.get_by_role("status")).to_contain_text("for lighthouse")
    await expect(page.get_by_role("main").get_by_role("link", name="The Lighthouse Shift")).to_be_visible()
    assert not await screen.is_wider_than_screen()
    field = page.get_by_role("combobox")
    await field.fill("nothing that is here")
    await field.press("Enter")
    await expect(page.get_by_role("heading", name="Nothing fits “nothing that is here”")).to_be_visible()
