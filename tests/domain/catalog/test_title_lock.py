"""The lock of a title: editors wait for each other, viewers wait for nobody."""

import asyncio

import pytest
from sqlalchemy import text

from domain.catalog import RightOverlaps, grant_right
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database
from domain.playback import start_playback
from tests.locks import until_one_waits
from tests.playable import create_playable, create_subscriber

KEYS = Keyring({"test": bytes(32)})


async def test_two_rights_for_one_window_are_compared_one_after_the_other(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        playable = await create_playable(work, territory="DE")

    async def grant() -> None:
        async with database.work(bus=bus) as work:
            await grant_right(
                work, viewer=playable.editor, title_id=playable.title_id, territory="JP", opens_at=work.now
            )

    async with database.work(bus=bus) as work:
        await grant_right(work, viewer=playable.editor, title_id=playable.title_id, territory="JP", opens_at=work.now)
        waiting = asyncio.create_task(grant())
        await until_one_waits(database)
    with pytest.raises(RightOverlaps):
        await waiting
    async with database.read() as connection:
        rights = await connection.execute(text("SELECT count(*) FROM title_rights WHERE territory = 'JP'"))
        assert rights.scalar_one() == 1


async def test_an_editor_does_not_wait_for_viewers_that_start_the_title(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        playable, viewer = await create_playable(work), await create_subscriber(work)
    async with database.work(bus=bus) as starting:
        await start_playback(
            starting,
            viewer=viewer,
            keyring=KEYS,
            title_id=playable.title_id,
            address="192.0.2.1",
            idempotency_key="title-lock-1",
        )
        async with database.work(bus=bus) as work:
            await grant_right(
                work, viewer=playable.editor, title_id=playable.title_id, territory="JP", opens_at=work.now
            )
