"""What somebody proves themselves with, their devices, and connecting a television, in a browser."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
from playwright.async_api import expect

from domain.accounts import Role, invite
from domain.accounts.totp import code_at, step_at
from domain.authorization import ClientKind, Scope, register_client
from domain.runtime import open_runtime
from domain.settings import Settings
from tests.arrange import create_viewer
from tests.web.conftest import MASTER_KEYS, House, OpenScreen
from tests.web.mailbox import link_to
from tests.web.screen import SOON_MS, Screen
from tests.web.test_entry import is_in, sign_in, sign_out, signed_up

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"

pytestmark = pytest.mark.browser


@asynccontextmanager
async def authenticator(screen: Screen) -> AsyncIterator[None]:
    """A virtual authenticator that keeps passkeys and verifies its user, as a phone does (WebAuthn, section 11)."""
    session = await screen.context.new_cdp_session(screen.page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield
    await session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made["authenticatorId"]})
    await session.detach()


async def test_a_passkey_is_added_and_lets_its_owner_in_alone(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    await signed_up(screen)
    page = screen.page
    async with authenticator(screen):
        await screen.go("/account")
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.locator(".recovery-codes li")).to_have_count(10)
        await expect(page.get_by_role("button", name="Remove the passkey")).to_have_count(1)
        await sign_out(page)
        await page.get_by_role("button", name="Use a passkey").click()
        await is_in(page)


async def test_staff_is_led_to_a_second_factor_before_it_can_work(open_screen: OpenScreen, house: House) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    connection = await asyncpg.connect(house.database_url)
    await connection.execute("UPDATE accounts SET roles = '{VIEWER,EDITOR}' WHERE email = $1", email)
    await connection.close()
    await sign_out(page)
    await sign_in(page, email)
    await expect(page.get_by_text("needs a second factor")).to_be_visible(timeout=SOON_MS)
    await expect(page.get_by_role("link", name="Studio")).to_have_count(0)
    async with authenticator(screen):
        await page.get_by_role("button", name="Add a passkey").click()
        await expect(page.locator(".recovery-codes li")).to_have_count(10)
    await page.get_by_role("button", name="Go on", exact=True).click()
    await expect(page.get_by_role("link", name="Studio", exact=True)).to_be_visible(timeout=SOON_MS)


async def test_an_authenticator_app_is_set_up_by_its_picture_and_asked_for(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    await screen.go("/account")
    await page.get_by_role("button", name="Set up an app").click()
    picture = page.get_by_role("img", name="QR code")
    assert await picture.evaluate("image => image.complete && image.naturalWidth") > 100
    shown = await page.locator(".account-secret").inner_text()
    secret = base64.b32decode(shown + "=" * (-len(shown) % 8))
    await page.get_by_label("Code of the app").fill(code_at(secret, step_at(datetime.now(UTC))))
    await page.get_by_role("button", name="Use this app").click()
    await expect(page.get_by_role("button", name="Stop using the app")).to_be_visible()
    await sign_out(page)
    await sign_in(page, email)
    await page.get_by_label("Code").fill(code_at(secret, step_at(datetime.now(UTC)) + 1))
    await page.get_by_role("button", name="Go on").click()
    await is_in(page)


async def test_a_device_is_signed_out_from_another(open_screen: OpenScreen) -> None:
    here, there = await open_screen(), await open_screen()
    email = await signed_up(here)
    await there.go("/")
    await sign_in(there.page, email)
    await is_in(there.page)
    await here.go("/account")
    # Both are the same browser on the same machine; the one seen last is the other.
    buttons = here.page.get_by_role("button", name="Sign out Chrome")
    await expect(buttons).to_have_count(2)
    await buttons.first.click()
    await expect(buttons).to_have_count(1)
    await is_in(here.page)
    await there.go("/account")
    await expect(there.page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_a_new_password_signs_in_from_then_on(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    await screen.go("/account")
    await page.get_by_label("New password").fill("nine patient buoys")
    await page.get_by_role("button", name="Save password").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    await sign_out(page)
    await sign_in(page, email, "nine patient buoys")
    await is_in(page)


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_television_is_connected_by_its_letters(open_screen: OpenScreen, house: House, allowed: bool) -> None:
    screen = await open_screen()
    await signed_up(screen)
    page, client_id = screen.page, await television(house)
    async with httpx.AsyncClient(base_url=house.url) as client:
        asked = {"client_id": client_id, "scope": "openid watch"}
        codes = (await client.post("/oauth/device", data=asked)).json()
        await screen.go(f"/activate?user_code={codes['user_code'].lower()}")
        await page.get_by_role("button", name="Go on").click()
        await expect(page.get_by_role("heading", name="Living room wants to be signed in as you")).to_be_visible()
        await page.get_by_role("button", name="Connect it" if allowed else "Turn it away").click()
        await expect(page.get_by_role("status")).to_contain_text("connected" if allowed else "turned away")
        form = {"grant_type": DEVICE_CODE, "client_id": client_id, "device_code": codes["device_code"]}
        answer = (await client.post("/oauth/token", data=form)).json()
    assert ("access_token" in answer) is allowed
    if not allowed:
        assert answer["error"] == "access_denied"


async def test_letters_of_nobody_are_said_to_be(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    await signed_up(screen)
    screen.refusals = {404}
    await screen.go("/activate")
    await screen.page.get_by_label("Letters on the screen").fill("BCDF-GHJK")
    await screen.page.get_by_role("button", name="Go on").click()
    await expect(screen.page.get_by_role("alert").filter(has_text="No device waits")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
async def test_the_account_fits_on_every_screen(open_screen: OpenScreen, width: int, height: int) -> None:
    screen = await open_screen("VIEWER", width=width, height=height)
    for path in ("/account", "/activate"):
        await screen.go(path)
        await expect(screen.page.get_by_role("heading", level=1)).to_be_visible()
        assert not await screen.is_wider_than_screen(), path


async def television(house: House) -> str:
    """Register a television's client, and return its id."""
    settings = Settings(data_dir=house.folder, database_url=house.database_url, master_keys=MASTER_KEYS)
    id = f"tv-{uuid4().hex[:12]}"
    async with open_runtime(settings) as runtime, runtime.work() as work:
        scopes = frozenset({Scope.OPENID, Scope.WATCH})
        await register_client(
            work, id=id, name="Living room", kind=ClientKind.TV, scopes=scopes, is_first_party=True
        )
    return id


async def test_what_is_said_about_oneself_is_changed(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    await screen.go("/account")
    await expect(page.get_by_text(f"You sign in as {email}.")).to_be_visible()
    await page.get_by_label("Name").fill("Admiral Grace")
    await page.get_by_label("Country").select_option("NO")
    await page.get_by_label("Write to me").check()
    await page.get_by_role("button", name="Save", exact=True).click()
    await is_in(page, "Admiral Grace")
    await page.reload()
    await expect(page.get_by_label("Country")).to_have_value("NO")
    await expect(page.get_by_label("Write to me")).to_be_checked()


async def test_everywhere_else_is_signed_out_at_once(open_screen: OpenScreen) -> None:
    here, there = await open_screen(), await open_screen()
    email = await signed_up(here)
    await there.go("/")
    await sign_in(there.page, email)
    await is_in(there.page)
    await here.go("/account")
    await here.page.get_by_role("button", name="Sign out everywhere else").click()
    await expect(here.page.get_by_text("You are signed in here only.")).to_be_visible()
    await there.go("/")
    await expect(there.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await is_in(here.page)


async def test_everything_that_is_kept_is_fetched_as_a_file(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    await screen.go("/account")
    await page.get_by_role("button", name="Ask for my data").click()
    link = page.get_by_role("link", name="Download")
    await expect(link).to_be_visible(timeout=SOON_MS)
    async with page.expect_download() as started:
        await link.click()
    kept = json.loads(Path(await (await started.value).path()).read_text())
    assert email in json.dumps(kept)


async def test_an_account_is_deleted_for_good(open_screen: OpenScreen) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    await screen.go("/account")
    await page.get_by_label("Your email, to be sure").fill(email)
    await page.get_by_role("button", name="Delete my account").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    screen.refusals = {401, 403}
    await sign_in(page, email)
    await expect(page.get_by_role("alert").filter(has_text="doesn’t match")).to_be_visible()


async def test_an_invitation_is_accepted_by_who_it_was_sent_to(open_screen: OpenScreen, house: House) -> None:
    screen = await open_screen()
    email = await signed_up(screen)
    page = screen.page
    await invited(house, email)
    await screen.go(await link_to(page, screen.url, email, subject="You are invited to the staff"))
    await page.get_by_role("button", name="Accept").click()
    await expect(page.get_by_role("status")).to_contain_text("Welcome")


async def invited(house: House, email: str) -> None:
    """Let an administrator invite somebody to edit."""
    settings = Settings(data_dir=house.folder, database_url=house.database_url, master_keys=MASTER_KEYS)
    async with open_runtime(settings) as runtime, runtime.work() as work:
        administrator = await create_viewer(work, roles=frozenset({Role.ADMINISTRATOR}))
        await invite(work, viewer=administrator, email=email, role=Role.EDITOR, scope=None)
