"""A show on a database of its own."""

import pytest

from domain.kernel.bus import Bus
from domain.kernel.work import Database
from tests.conftest import SettableClock
from tests.poll_scene import Show
from tests.talk_scene import TalkShow


@pytest.fixture
async def show(database: Database, bus: Bus, clock: SettableClock) -> Show:
    """A live stream of a channel that everybody may find."""
    return await Show.begin(database, bus, clock)


@pytest.fixture
async def talk(database: Database, bus: Bus, clock: SettableClock) -> TalkShow:
    """A live stream of a channel that everybody may find, and a chat."""
    return await TalkShow.begin(database, bus, clock)
