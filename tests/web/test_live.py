"""A channel that sends a protected film over and over, in a real browser: played past the end of a pass, on time."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from domain.catalog import TitleKind, create_title, grant_right, publish_title
from domain.kernel.bus import Bus
from domain.kernel.work import Database
from domain.live import Stream, prepare_stream, start_stream
from domain.media.assets import ready_asset_of_titles
from graph.global_ids import Kind, global_id, read_id
from tests.arrange import create_editor
from tests.web.conftest import CLIP_S, House, OpenScreen
from tests.web.screen import Screen
from tests.web.studio import Film

pytestmark = pytest.mark.browser

# What a viewer may be behind the newest second: players hold back a few segments.
BEHIND_MAX_S = 30


@pytest.fixture(scope="session")
async def channel(house: House, film: Film) -> AsyncIterator[Stream]:
    """A channel on air that sends the film."""
    database = Database.connect(house.database_url)
    async with Bus.open(house.database_url) as bus, database.work(bus=bus) as work:
        editor = await create_editor(work)
        (asset,) = await ready_asset_of_titles(work.reads(), [read_id(Kind.TITLE, film.title_id)])
        assert asset is not None
        title = await create_title(work, viewer=editor, kind=TitleKind.CHANNEL, language="en", name="Harbour Channel")
        await grant_right(work, viewer=editor, title_id=title.id, territory="*", opens_at=work.now - timedelta(days=1))
        await publish_title(work, viewer=editor, title_id=title.id, expected_version=title.version)
        stream = await prepare_stream(work, viewer=editor, title_id=title.id, asset_id=asset.id, name="All night")
        stream = await start_stream(work, viewer=editor, stream_id=stream.id, expected_version=stream.version)
    yield stream
    await database.close()


async def programme(screen: Screen) -> dict[str, Any]:
    """Read the player's clocks at one instant, in milliseconds."""
    told: dict[str, Any] = await screen.video(
        "({at: Number(document.querySelector('.stage').dataset.programmeAt), position: video.currentTime * 1000,"
        " now: Date.now(), frames: video.getVideoPlaybackQuality().totalVideoFrames, mediaKeys: video.mediaKeys !== null})"
    )
    return told


@pytest.mark.parametrize("format", ["dash", "hls"])
async def test_a_channel_plays_past_the_end_of_a_pass(
    open_screen: OpenScreen, channel: Stream, format: str
) -> None:
    screen = await open_screen("VIEWER")
    await screen.watch(global_id(Kind.TITLE, channel.title_id), f"?format={format}")
    await screen.until("Number(document.querySelector('.stage').dataset.programmeAt) > 0")
    begun = await programme(screen)
    assert 0 < begun["now"] - begun["at"] < BEHIND_MAX_S * 1000
    assert begun["mediaKeys"]
    # A pass and a half has a boundary in it, wherever it begins.
    played = 1.5 * CLIP_S * 1000
    await screen.until(
        f"document.querySelector('video').currentTime * 1000 > {begun['position'] + played}", within_s=CLIP_S * 6
    )
    ended = await programme(screen)
    # The programme's clock runs with the picture, across the boundary as well.
    assert ended["at"] - begun["at"] == pytest.approx(ended["position"] - begun["position"], abs=250)
    assert 0 < ended["now"] - ended["at"] < (BEHIND_MAX_S + 10) * 1000
    assert ended["frames"] - begun["frames"] > 0.8 * 24 * played / 1000
    assert any("/licence/clearkey" in url or "/key/" in url for url in screen.requested)
