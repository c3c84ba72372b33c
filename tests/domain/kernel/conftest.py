"""What tests of the kernel share."""

import pytest

from domain.kernel.bus import Bus
from domain.kernel.work import Database
from tests.job_scene import Scene


@pytest.fixture
def scene(database: Database, bus: Bus) -> Scene:
    return Scene(database, bus)
