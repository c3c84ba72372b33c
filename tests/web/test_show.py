"""A show in browsers: its host opens a poll, viewers vote, bars move for all, and the result is revealed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.async_api import Locator, Page, expect

from domain.catalog import TitleKind, create_title, grant_right, publish_title
from domain.entitlements import Plan
from domain.kernel.bus import Bus
from domain.kernel.work import Database
from domain.live import Stream, end_stream, prepare_stream, start_stream
from domain.media.assets import ready_asset_of_titles
from graph.global_ids import Kind, global_id, read_id
from tests.arrange import create_editor
from tests.web.conftest import House, OpenScreen
from tests.web.screen import SOON_MS, Screen
from tests.web.studio import Film
from tests.web.test_entry import signed_up

pytestmark = pytest.mark.browser

# Results wait for the slowest viewer, and five seconds more.
FINAL_MS = 30_000


@asynccontextmanager
async def on_air(
    house: House, film: Film, *, max_latency_s: int, plans: tuple[Plan, ...] | None = None
) -> AsyncIterator[Stream]:
    """Put a channel on air that sends the film; only holders of `plans` may play it, and everybody takes part."""
    database = Database.connect(house.database_url)
    try:
        async with Bus.open(house.database_url) as bus:
            async with database.work(bus=bus) as work:
                editor = await create_editor(work)
                (asset,) = await ready_asset_of_titles(work.reads(), [read_id(Kind.TITLE, film.title_id)])
                assert asset is not None
                title = await create_title(work, viewer=editor, kind=TitleKind.CHANNEL, language="en", name="Show TV")
                opens_at = work.now - timedelta(days=1)
                await grant_right(
                    work, viewer=editor, title_id=title.id, territory="*", opens_at=opens_at, plans=plans
                )
                await publish_title(work, viewer=editor, title_id=title.id, expected_version=title.version)
                stream = await prepare_stream(
                    work, viewer=editor, title_id=title.id, asset_id=asset.id, name="Quiz night",
                    max_latency_s=max_latency_s,
                )  # fmt: skip
                stream = await start_stream(work, viewer=editor, stream_id=stream.id, expected_version=stream.version)
            yield stream
            async with database.work(bus=bus) as work:
                await end_stream(work, viewer=editor, stream_id=stream.id, expected_version=stream.version)
    finally:
        await database.close()


async def at_the_desk(open_screen: OpenScreen, stream: Stream) -> Page:
    screen = await open_screen("EDITOR")
    await screen.go(f"/desk/{global_id(Kind.STREAM, stream.id)}")
    await expect(screen.page.get_by_role("heading", name="Quiz night")).to_be_visible(timeout=SOON_MS)
    return screen.page


async def prepare(desk: Page, question: str, *answers: str) -> None:
    """Prepare a poll by keyboard alone."""
    await desk.keyboard.press("n")
    await desk.keyboard.type(question)
    await desk.keyboard.press("Tab")
    await desk.keyboard.type("\n".join(answers))
    for _ in range(3):
        await desk.keyboard.press("Tab")
    await desk.keyboard.press("Enter")
    await expect(poll_on(desk, question)).to_contain_text("Ready")
    await desk.evaluate("document.activeElement.blur()")


def poll_on(desk: Page, question: str) -> Locator:
    return desk.get_by_role("region", name="Polls").get_by_role("listitem").filter(has_text=question)


async def beside(open_screen: OpenScreen, stream: Stream, persona: str | None, **size: int) -> Screen:
    """Come to the show as one of the demo's people, or as somebody who has just signed up."""
    screen = await open_screen(persona, **size)
    if persona is None:
        await signed_up(screen)
    await screen.go(f"/watch/{global_id(Kind.TITLE, stream.title_id)}")
    await expect(screen.page.get_by_role("complementary", name="Live")).to_contain_text("Quiz night", timeout=SOON_MS)
    return screen


def share(page: Page, answer: str) -> Locator:
    return page.get_by_role("region", name="Poll", exact=True).get_by_role("listitem").filter(has_text=answer)


async def test_a_host_opens_a_poll_two_vote_bars_move_and_the_result_is_revealed(
    open_screen: OpenScreen, house: House, film: Film
) -> None:
    # Who holds no plan sees no picture here, and so takes part by the wall clock.
    async with on_air(house, film, max_latency_s=1, plans=(Plan.PREMIUM,)) as stream:
        desk = await at_the_desk(open_screen, stream)
        first = (await beside(open_screen, stream, "BASIC")).page
        second = (await beside(open_screen, stream, None, width=360, height=740)).page
        question = f"Who wins? {uuid4().hex[:6]}"
        await prepare(desk, question, "Ada", "Grace")
        await desk.keyboard.press("o")
        for page in (first, second):
            await expect(page.get_by_role("heading", name=question)).to_be_visible(timeout=SOON_MS)
        await first.get_by_role("button", name="Ada").click()
        for page in (first, second, desk):
            await expect(page.get_by_text("100 %").first).to_be_visible(timeout=SOON_MS)
        await expect(first.get_by_text("You have voted.")).to_be_visible()
        await second.get_by_role("button", name="Grace").click()
        for page in (first, second):
            for answer in ("Ada", "Grace"):
                await expect(share(page, answer)).to_contain_text("50 %", timeout=SOON_MS)
        await desk.keyboard.press("l")
        for page in (first, second):
            await expect(page.get_by_text("Voting is over here")).to_be_visible(timeout=SOON_MS)
            await expect(page.get_by_role("button", name="Ada")).to_be_disabled()
        await expect(desk.get_by_role("button", name="Reveal")).to_be_enabled(timeout=FINAL_MS)
        await desk.keyboard.press("r")
        for page in (first, second):
            await expect(page.get_by_text("2 votes.")).to_be_visible(timeout=SOON_MS)
        assert not await second.evaluate("document.documentElement.scrollWidth > innerWidth")


async def test_a_host_takes_an_opened_poll_back(open_screen: OpenScreen, house: House, film: Film) -> None:
    async with on_air(house, film, max_latency_s=1, plans=(Plan.PREMIUM,)) as stream:
        desk = await at_the_desk(open_screen, stream)
        viewer = (await beside(open_screen, stream, "BASIC")).page
        await prepare(desk, "Too early?", "Yes", "No")
        await desk.keyboard.press("o")
        await expect(viewer.get_by_role("heading", name="Too early?")).to_be_visible(timeout=SOON_MS)
        await desk.keyboard.press("z")
        await expect(viewer.get_by_role("heading", name="Too early?")).to_have_count(0, timeout=SOON_MS)
        await expect(poll_on(desk, "Too early?")).to_contain_text("Ready")


async def test_a_poll_opens_where_the_picture_is_and_not_before(
    open_screen: OpenScreen, house: House, film: Film
) -> None:
    async with on_air(house, film, max_latency_s=60) as stream:
        desk = await at_the_desk(open_screen, stream)
        screen = await open_screen("VIEWER")
        await screen.watch(global_id(Kind.TITLE, stream.title_id))
        await screen.until("Number(document.querySelector('.stage').dataset.programmeAt) > 0")
        await prepare(desk, "Now?", "Yes", "No")
        opened_at = await desk.evaluate("Date.now()")
        await desk.keyboard.press("o")
        await expect(screen.page.get_by_role("heading", name="Now?")).to_be_visible(timeout=90_000)
        seen = await screen.page.evaluate(
            "({now: Date.now(), at: Number(document.querySelector('.stage').dataset.programmeAt)})"
        )
        # It was known of when it opened, and shown when the picture was there.
        assert seen["now"] - opened_at > (seen["now"] - seen["at"]) * 0.7 > 1_000
        assert seen["at"] >= opened_at - 250
        await screen.page.get_by_role("button", name="Yes").click()
        await expect(screen.page.get_by_text("You have voted.")).to_be_visible(timeout=SOON_MS)


async def test_a_run_of_show_is_prepared_and_fired_item_by_item(
    open_screen: OpenScreen, house: House, film: Film
) -> None:
    async with on_air(house, film, max_latency_s=1, plans=(Plan.PREMIUM,)) as stream:
        desk = await at_the_desk(open_screen, stream)
        viewer = (await beside(open_screen, stream, "BASIC")).page
        sheet = desk.get_by_role("region", name="Run of show")
        for words in ("Good night", "Welcome"):
            await sheet.get_by_label("What comes").select_option("SHOUT_OUT")
            await sheet.get_by_label("Words").fill(words)
            await sheet.get_by_role("button", name="Add").click()
            await expect(sheet.get_by_role("listitem").filter(has_text=words)).to_be_visible(timeout=SOON_MS)
        await sheet.get_by_role("button", name="Earlier: Welcome").click()
        await expect(sheet.get_by_role("listitem").first).to_contain_text("Welcome", timeout=SOON_MS)
        await sheet.get_by_role("listitem").first.get_by_role("button", name="Fire").click()
        shown = viewer.get_by_role("complementary", name="Live").get_by_text("Welcome")
        await expect(shown).to_be_visible(timeout=SOON_MS)
        await sheet.get_by_role("listitem").first.get_by_role("button", name="Undo").click()
        await expect(shown).to_have_count(0, timeout=SOON_MS)


async def test_an_overlay_shows_the_poll_to_software_that_signs_nobody_in(
    open_screen: OpenScreen, house: House, film: Film
) -> None:
    async with on_air(house, film, max_latency_s=1) as stream:
        desk = await at_the_desk(open_screen, stream)
        await prepare(desk, "Over the picture?", "Yes", "No")
        await desk.get_by_role("button", name="Make a link").click()
        address = await desk.get_by_label("Address of the overlay").input_value()
        mixer = await open_screen()
        await mixer.go(address.removeprefix(house.url))
        await desk.keyboard.press("Escape")
        await desk.evaluate("document.activeElement.blur()")
        await desk.keyboard.press("o")
        await expect(mixer.page.get_by_role("heading", name="Over the picture?")).to_be_visible(timeout=SOON_MS)
        assert await mixer.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        assert await mixer.page.get_by_role("button").count() == 0
        forged = await open_screen()
        forged.refusals.add(403)
        await forged.go("/overlay#" + "A" * 48)
        await expect(forged.page.get_by_role("alert")).to_contain_text("does not work any more")


async def test_what_viewers_say_and_ask_reaches_everybody_and_is_moderated(
    open_screen: OpenScreen, house: House, film: Film
) -> None:
    async with on_air(house, film, max_latency_s=1, plans=(Plan.PREMIUM,)) as stream:
        desk = await at_the_desk(open_screen, stream)
        viewer = (await beside(open_screen, stream, "BASIC")).page
        await viewer.get_by_role("textbox", name="Message").fill("Good evening")
        await viewer.get_by_role("button", name="Send").click()
        said = desk.get_by_role("region", name="Chat").last.get_by_role("listitem").filter(has_text="Good evening")
        await expect(said).to_be_visible(timeout=SOON_MS)
        await said.get_by_role("button", name="Pin").click()
        await expect(viewer.get_by_text("Pinned: Good evening")).to_be_visible(timeout=SOON_MS)
        await said.get_by_role("button", name="Remove").click()
        await expect(viewer.get_by_text("Good evening")).to_have_count(0, timeout=SOON_MS)
        await viewer.get_by_role("tab", name="Questions").click()
        await viewer.get_by_role("textbox", name="Question").fill("Who built the lighthouse?")
        await viewer.get_by_role("button", name="Ask").click()
        await expect(viewer.get_by_text("Your question is with the host.")).to_be_visible(timeout=SOON_MS)
        asked = desk.get_by_role("region", name="Questions").get_by_role("listitem").filter(has_text="lighthouse")
        await asked.get_by_role("button", name="Approve").click(timeout=SOON_MS)
        await expect(viewer.get_by_role("button", name="Upvote: Who built the lighthouse?")).to_be_visible(timeout=SOON_MS)
