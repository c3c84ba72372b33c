"""The authorization door in a real browser, which holds back cookies and follows policies as it likes."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from edge.local.page import build_page, page_is_stale
from tests.graph_scene import Person, serving
from tests.oauth_scene import OAuthScene

pytestmark = pytest.mark.browser
WAIT_MS = 15_000


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "Chromium is missing: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        await browser.close()


@pytest.fixture(scope="module")
async def app() -> AsyncIterator[str]:
    """A client on another site: a page with a link or a frame, and where codes come back."""

    async def page(request: Request) -> HTMLResponse:
        there = request.query_params.get("there", "").replace("&", "&amp;").replace('"', "&quot;")
        kind = request.query_params.get("kind", "link")
        shown = f'<iframe src="{there}"></iframe>' if kind == "frame" else f'<a href="{there}">Sign in</a>'
        return HTMLResponse(f"<title>An app</title>{shown}")

    async def back(_request: Request) -> HTMLResponse:
        return HTMLResponse("<title>Back in the app</title>")

    async with serving(Starlette(routes=[Route("/", page), Route("/back", back)])) as address:
        yield address


async def _browser_of(chromium: Browser, oauth: OAuthScene, person: Person) -> BrowserContext:
    context = await chromium.new_context()
    context.set_default_timeout(WAIT_MS)
    # As our own doors set it.
    await context.add_cookies(
        [{"name": "marquee", "value": person.token, "url": oauth.issuer, "httpOnly": True, "sameSite": "Strict"}]
    )
    return context


@pytest.mark.parametrize(("button", "told"), [("Let it in", "code"), ("No", "error")])
async def test_a_link_on_another_site_leads_to_the_question_and_back(
    oauth: OAuthScene, chromium: Browser, app: str, button: str, told: str
) -> None:
    person = await oauth.graph.person()
    client = (await oauth.client(is_first_party=False, name="An app", redirect_uris=(f"{app}/back",))).client
    there = f"{oauth.issuer}/oauth/authorize?{urlencode(oauth.asked(client))}"
    context = await _browser_of(chromium, oauth, person)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await page.goto(f"{app}/?{urlencode({'there': there})}")
    await page.get_by_role("link", name="Sign in").click()
    # The cookie is not sent along the link; the page comes again by itself, and then it is.
    await page.get_by_role("heading", name="Let An app in?").wait_for()
    assert await page.get_by_role("main").evaluate("main => getComputedStyle(main).borderRadius") == "16px"
    await page.get_by_role("button", name=button, exact=True).click()
    await page.wait_for_url(f"{app}/back?*")
    back = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert (told in back, back["state"], back["iss"]) == (True, "a state", oauth.issuer)
    # Nobody has an icon here.
    assert not [said for said in complaints if "404" not in said]
    if told == "code":
        assert (await oauth.redeem(client, back["code"])).status_code == 200
    await context.close()


async def test_who_is_not_signed_in_yet_does_so_on_the_way(
    oauth: OAuthScene, chromium: Browser, app: str, tmp_path: Path
) -> None:
    if page_is_stale():
        await build_page(tmp_path / "build.log")
    client = (await oauth.client(is_first_party=False, name="An app", redirect_uris=(f"{app}/back",))).client
    there = f"{oauth.issuer}/oauth/authorize?{urlencode(oauth.asked(client))}"
    context = await chromium.new_context()
    context.set_default_timeout(WAIT_MS)
    page = await context.new_page()
    await page.goto(f"{app}/?{urlencode({'there': there})}")
    await page.get_by_role("link", name="Sign in").click()
    await page.locator("[data-persona=VIEWER]").click()
    await page.get_by_role("heading", name="Let An app in?").wait_for()
    assert await page.get_by_text("You are signed in as Vera Viewer").count() == 1
    await page.get_by_role("button", name="Let it in").click()
    await page.wait_for_url(f"{app}/back?*")
    back = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert (await oauth.redeem(client, back["code"])).status_code == 200
    await context.close()


async def test_the_question_is_shown_in_nobodys_frame(oauth: OAuthScene, chromium: Browser, app: str) -> None:
    person = await oauth.graph.person()
    client = (await oauth.client(is_first_party=False, redirect_uris=(f"{app}/back",))).client
    there = f"{oauth.issuer}/oauth/authorize?{urlencode({**oauth.asked(client), 'again': '1'})}"
    context = await _browser_of(chromium, oauth, person)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    await page.goto(f"{app}/?{urlencode({'there': there, 'kind': 'frame'})}")
    await page.wait_for_load_state("networkidle")
    assert await page.frames[-1].get_by_role("button").count() == 0
    await context.close()
