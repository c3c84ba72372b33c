"""Getting in, in a browser: signing up by mail, passwords, links, second factors and passkeys."""

import base64
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from domain.accounts import DeviceClass, Place, SignedIn, confirm_totp, sign_in_with_password, start_totp
from domain.accounts.totp import code_at, step_at
from domain.runtime import open_runtime
from domain.settings import Settings
from tests.web.conftest import MASTER_KEYS, House, OpenScreen
from tests.web.mailbox import link_to
from tests.web.screen import SOON_MS, Screen

PASSWORD = "seven quiet lighthouses"
CONFIRM = "Confirm your address"

pytestmark = pytest.mark.browser


async def sign_up(screen: Screen, email: str, *, password: str = PASSWORD) -> None:
    page = screen.page
    await screen.go("/sign-up")
    await page.get_by_label("Name").fill("Grace")
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_label("Country").select_option("SE")
    await page.get_by_role("button", name="Sign up").click()
    await expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()


async def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    await page.get_by_label("Email").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in", exact=True).click()


async def is_in(page: Page, name: str = "Grace") -> None:
    await expect(page.get_by_role("button", name=f"Account: {name}")).to_be_visible(timeout=SOON_MS)


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Account:").click()
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def signed_up(screen: Screen) -> str:
    email = f"{uuid4().hex}@example.com"
    await sign_up(screen, email)
    await screen.go(await link_to(screen.page, screen.url, email, subject=CONFIRM))
    await is_in(screen.page)
    return email


async def test_somebody_signs_up_by_mail_and_comes_back_by_password(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    await page.get_by_role("button", name="Account:").click()
    await expect(page.get_by_text("Watching from Sweden")).to_be_visible()
    await page.keyboard.press("Escape")
    await sign_out(page)
    await sign_in(page, email)
    await is_in(page)


async def test_a_link_opened_in_another_browser_asks_for_the_password(open_screen: OpenScreen) -> None:
    here, there = await open_screen(), await open_screen()
    email = f"{uuid4().hex}@example.com"
    await sign_up(here, email)
    there.refusals = {401, 403}
    await there.go(await link_to(there.page, there.url, email, subject=CONFIRM))
    await there.page.get_by_label("Password").fill(PASSWORD)
    await there.page.get_by_role("button", name="Go on").click()
    await is_in(there.page)


async def test_a_wrong_password_is_said_without_telling_who_is_known(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    await sign_out(screen.page)
    screen.refusals = {401, 403}
    words = []
    for asked in (email, f"{uuid4().hex}@example.com"):
        await sign_in(screen.page, asked, "not the one")
        alert = screen.page.get_by_role("alert").filter(has_text="doesn’t match")
        await expect(alert).to_be_visible()
        words.append(await alert.inner_text())
        await screen.go("/")
    assert words[0] == words[1]


async def test_a_forgotten_password_is_replaced_by_mail(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    await sign_out(page)
    await page.get_by_role("link", name="Forgot your password?").click()
    await page.get_by_label("Email").fill(email)
    await page.get_by_role("button", name="Send the link").click()
    await screen.go(await link_to(page, screen.url, email, subject="Choose a new password"))
    await page.get_by_role("textbox", name="New password").fill("eight loud foghorns")
    await page.get_by_role("button", name="Save and sign in").click()
    await is_in(page)
    await sign_out(page)
    await sign_in(page, email, "eight loud foghorns")
    await is_in(page)


async def test_a_second_factor_is_asked_for_once_there_is_one(open_screen: OpenScreen, house: House) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    secret, recovery_code = await set_up_app(house, email)
    await sign_out(page)
    await sign_in(page, email)
    await page.get_by_label("Code").fill(code_at(secret, step_at(datetime.now(UTC)) + 1))
    await page.get_by_role("button", name="Go on").click()
    await is_in(page)
    await sign_out(page)
    await sign_in(page, email)
    await page.get_by_role("button", name="Use a recovery code").click()
    await page.get_by_label("Recovery code").fill(recovery_code)
    await page.get_by_role("button", name="Go on").click()
    await is_in(page)


async def set_up_app(house: House, email: str) -> tuple[bytes, str]:
    """Set an authenticator app up from another device; return its secret and a recovery code."""
    settings = Settings(
        data_dir=house.folder, database_url=house.database_url, master_keys=MASTER_KEYS, public_url=house.url
    )
    place = Place("Phone", DeviceClass.MOBILE, "203.0.113.7")
    async with open_runtime(settings) as runtime:
        signed_in = await sign_in_with_password(runtime.desk(), email=email, password=PASSWORD, place=place)
        assert isinstance(signed_in, SignedIn)
        async with runtime.work() as work:
            started = await start_totp(work, viewer=signed_in.viewer, keyring=runtime.keyring, label=email)
        secret = base64.b32decode(started.secret + "=" * (-len(started.secret) % 8))
        code = code_at(secret, step_at(runtime.clock()))
        codes = await confirm_totp(runtime.desk(), viewer=signed_in.viewer, code=code)
    return secret, codes[0]


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
async def test_the_doors_fit_on_every_screen(open_screen: OpenScreen, width: int, height: int) -> None:
    screen = await open_screen(width=width, height=height)
    for path in ("/", "/sign-up", "/forgot", "/reset?token=x"):
        await screen.go(path)
        await expect(screen.page.get_by_role("heading", level=1)).to_be_visible()
        assert not await screen.is_wider_than_screen(), path
