"""One viewer in front of one screen: a browser context of their own, and what they do there."""

import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, expect

# What a browser may take on a busy machine to load a page and start a film.
SOON_MS = 30_000
LOCAL_SCHEMES = ("blob", "data")


@dataclass
class Screen:
    """A page, and everything on it that should not have been."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)
    requested: list[str] = field(default_factory=list)
    # Answers that are no reason to complain, because what is tried is refused.
    refusals: set[int] = field(default_factory=set)

    @classmethod
    async def open(
        cls, browser: Browser, url: str, persona: str | None, *, width: int = 1280, height: int = 800
    ) -> "Screen":
        """Open a screen, with somebody signed in through the page if a persona is given."""
        context = await browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
        screen = cls(context, await context.new_page(), url)
        screen.page.set_default_timeout(SOON_MS)
        screen.page.on("console", screen._hear)
        screen.page.on("pageerror", lambda error: screen.complaints.append(str(error)))
        screen.page.on("request", screen._see)
        if persona is not None:
            await screen.sign_in(persona)
        return screen

    async def close(self) -> None:
        """Leave the page as a viewer does, so that what it plays is stopped, and close the browser's window."""
        await self.page.goto("about:blank")
        await self.context.close()

    async def sign_in(self, persona: str) -> None:
        """Pick a ticket on the sign-in page."""
        await self.go("/")
        await self.page.locator(f"[data-persona={persona}]").click()
        await expect(self.page.get_by_role("navigation", name="Main")).to_be_visible(timeout=SOON_MS)

    async def go(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def watch(self, title_id: str, query: str = "") -> None:
        """Open a title's film and wait until its picture moves."""
        await self.go(f"/watch/{title_id}{query}")
        await self.until(
            "document.querySelector('video')?.currentTime > 0.3 && !document.querySelector('video').paused"
        )

    async def video(self, expression: str) -> Any:
        """Evaluate an expression in which `video` is the video element."""
        return await self.page.evaluate(
            f"(() => {{ const video = document.querySelector('video'); return {expression} }})()"
        )

    async def until(self, expression: str, *, within_s: float = 60) -> None:
        """Wait until an expression is true. The page's policy forbids the waiting that the driver has built in."""
        give_up = time.monotonic() + within_s
        while not await self.page.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < give_up, f"never became true: {expression}"
            await self.page.wait_for_timeout(100)

    async def wake(self) -> None:
        """Move the mouse, so that the player's controls show."""
        await self.page.mouse.move(400, 300)
        await self.page.mouse.move(420, 310)

    async def choose(self, menu: str, choice: str) -> None:
        """Choose a line of one of the player's menus."""
        await self.wake()
        await self.menu(menu).click()
        await self.page.get_by_role("menuitemradio", name=choice).first.click()

    def menu(self, name: str) -> Locator:
        return self.page.locator(f"button[aria-haspopup=menu][aria-label^='{name}']")

    async def is_wider_than_screen(self) -> bool:
        wide: bool = await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        return wide

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(f"status of {status} " in message.text for status in self.refusals):
            self.complaints.append(message.text)

    def _see(self, request: Request) -> None:
        self.requested.append(request.url)
        parts = urlsplit(request.url)
        if parts.scheme not in LOCAL_SCHEMES and parts.netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"asked a stranger: {request.url}")
