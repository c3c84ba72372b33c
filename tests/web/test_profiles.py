"""A household's profiles, in a browser: chosen, made, locked with a PIN, and kept for children."""

import pytest
from playwright.async_api import Page, expect

from tests.web.conftest import OpenScreen
from tests.web.test_entry import is_in, signed_up

pytestmark = pytest.mark.browser


async def make_profile(page: Page, name: str, *, pin: str = "", is_kids: bool = False) -> None:
    await page.get_by_role("button", name="Manage profiles").click()
    await page.get_by_role("button", name="New profile").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Picture").select_option("WHALE")
    if is_kids:
        await page.get_by_label("For children").check()
    if pin:
        await page.get_by_label("PIN", exact=True).fill(pin)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Who is watching?")).to_be_visible()
    await page.get_by_role("button", name="Done").click()


async def acts_as(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Account:").click()
    await expect(page.get_by_role("link", name=f"{name}: change profile")).to_be_visible()
    await page.keyboard.press("Escape")


async def test_a_profile_is_made_and_chosen(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    await signed_up(screen)
    page = screen.page
    await screen.go("/profiles")
    await make_profile(page, "Linus")
    await page.get_by_role("button", name="Linus").click()
    await is_in(page)
    await acts_as(page, "Linus")
    await page.reload()
    await acts_as(page, "Linus")


async def test_a_child_leaves_its_profile_by_the_pin_only(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    await signed_up(screen)
    page = screen.page
    await screen.go("/profiles")
    await make_profile(page, "Pippi", pin="4711", is_kids=True)
    await page.get_by_role("button", name="Pippi").click()
    await acts_as(page, "Pippi")
    await screen.go("/profiles")
    await page.get_by_role("button", name="Grace", exact=True).click()
    await page.get_by_label("PIN").fill("4711")
    await page.get_by_role("button", name="Go on").click()
    await acts_as(page, "Grace")


async def test_a_locked_profile_opens_by_its_pin_only(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    await signed_up(screen)
    page = screen.page
    await screen.go("/profiles")
    await make_profile(page, "Ada", pin="4711")
    await page.get_by_role("button", name="Ada").click()
    await page.get_by_label("PIN").fill("1234")
    await page.get_by_role("button", name="Go on").click()
    await expect(page.get_by_role("alert").filter(has_text="not the PIN")).to_be_visible()
    await page.get_by_label("PIN").fill("4711")
    await page.get_by_role("button", name="Go on").click()
    await acts_as(page, "Ada")


async def test_a_profile_is_changed_and_removed(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    await signed_up(screen)
    page = screen.page
    await screen.go("/profiles")
    await make_profile(page, "Linus")
    await page.get_by_role("button", name="Manage profiles").click()
    await page.get_by_role("button", name="Change Linus").click()
    await page.get_by_label("Name").fill("Torvald")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("button", name="Change Torvald").click()
    await page.get_by_role("button", name="Remove").click()
    await expect(page.get_by_role("heading", name="Who is watching?")).to_be_visible()
    await expect(page.get_by_role("button", name="Torvald")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
async def test_the_profiles_fit_on_every_screen(open_screen: OpenScreen, width: int, height: int) -> None:
    screen = await open_screen("VIEWER", width=width, height=height)
    await screen.go("/profiles")
    await expect(screen.page.get_by_role("heading", name="Who is watching?")).to_be_visible()
    assert not await screen.is_wider_than_screen()
    await screen.page.get_by_role("button", name="Manage profiles").click()
    await screen.page.get_by_role("button", name="New profile").click()
    assert not await screen.is_wider_than_screen()
