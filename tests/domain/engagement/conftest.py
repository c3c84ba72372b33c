"""A show on a database of its own."""

import pytest

from domain.kernel.bus import Bus
from domain.kernel.work import Database
from tests.conftest import SettableClock
from tests.poll_scene import Show


@pytest.fixture
async def show(database: Database, bus: Bus, clock: SettableClock) -> Show:
    """A live stream of a channel that everybody may find."""
    return await Show.begin(database, bus, clock)
