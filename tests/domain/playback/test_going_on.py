"""What happens to a session while it goes on: a network changes, a plan shrinks, messages cross."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Viewer
from domain.entitlements import Plan, Reason, grant_access, revoke_grant
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database, Reads, Work
from domain.playback import (
    AdmissionCache,
    PlaybackSession,
    PlaybackState,
    PlaybackTokenRefused,
    SessionEnded,
    StreamLimitReached,
    admit,
    revoke_all,
    sessions_of,
    start_playback,
    stop_playback,
    store,
)
from domain.playback.token import make_token, read_token
from tests.domain.playback.test_playback import HOME, beat, later, position_of, start
from tests.locks import until_one_waits
from tests.playable import DURATION_S, create_playable, create_subscriber, on_another_device

KEYS = Keyring({"test": bytes(range(32))})
PHONE_NETWORK = "198.51.100.9"


async def start_at(work: Work, viewer: Viewer, title_id: UUID, address: str, key: str) -> str:
    """Start from a network address and return the token."""
    started = await start_playback(
        work, viewer=viewer, keyring=KEYS, title_id=title_id, address=address, idempotency_key=key
    )
    return started.token


async def shrink_to(work: Work, viewer: Viewer, plan: Plan) -> None:
    """Replace whatever an account holds by one plan."""
    held = await work.connection.execute(
        text("SELECT id FROM grants WHERE account_id = :id AND revoked_at IS NULL"), {"id": viewer.account_id}
    )
    for grant_id in held.scalars().all():
        await revoke_grant(work, grant_id=grant_id)
    await grant_access(work, account_id=viewer.account_id, plan=plan, source="test")


async def test_a_retry_from_a_new_network_gets_a_token_that_is_good_there(work: Work, reads: Reads) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    await start_at(work, viewer, playable.title_id, HOME, "lost-reply-1")
    token = await start_at(work, viewer, playable.title_id, PHONE_NETWORK, "lost-reply-1")
    await admit(reads, keyring=KEYS, token=token, address=PHONE_NETWORK)
    with pytest.raises(PlaybackTokenRefused):
        await admit(reads, keyring=KEYS, token=token, address=HOME)


async def test_a_retry_revives_no_session_that_is_over(work: Work, reads: Reads) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    await start_at(work, viewer, playable.title_id, HOME, "lost-reply-2")
    await revoke_all(work, account_id=viewer.account_id)
    token = await start_at(work, viewer, playable.title_id, PHONE_NETWORK, "lost-reply-2")
    with pytest.raises(PlaybackTokenRefused):
        await admit(reads, keyring=KEYS, token=token, address=PHONE_NETWORK)
    kept = (await work.connection.execute(text("SELECT address FROM playback_sessions"))).scalar_one()
    assert kept == HOME


async def test_a_smaller_plan_leaves_the_screens_that_started_first(work: Work, reads: Reads) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    devices = [viewer, await on_another_device(work, viewer), await on_another_device(work, viewer)]
    # All at one instant: their ids tell who was first.
    sessions = [(await start(work, device, playable.title_id, KEYS)).session for device in devices]
    await shrink_to(work, viewer, Plan.STANDARD)
    await beat(later(work, 20), devices[0], sessions[0], KEYS, 1, 10)
    await beat(later(work, 20), devices[1], sessions[1], KEYS, 1, 10)
    savepoint = await work.connection.begin_nested()
    with pytest.raises(SessionEnded) as refused:
        await beat(later(work, 20), devices[2], sessions[2], KEYS, 1, 10)
    await savepoint.rollback()
    assert (refused.value.state, refused.value.reasons) == (PlaybackState.REVOKED, (Reason.STREAM_LIMIT,))

    (living,) = await sessions_of(Reads(reads.database, now=work.now + timedelta(seconds=60)), [viewer.account_id])
    assert {session.id for session in living} == {session.id for session in sessions[:2]}


async def test_a_screen_given_up_lets_the_next_one_go_on(work: Work) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    other = await on_another_device(work, viewer)
    first = (await start(work, viewer, playable.title_id, KEYS)).session
    second = (await start(work, other, playable.title_id, KEYS)).session
    await shrink_to(work, viewer, Plan.BASIC)
    await stop_playback(work, viewer=viewer, session_id=first.id, sequence=1, position_s=10)
    await beat(later(work, 20), other, second, KEYS, 1, 10)


async def test_an_ipv4_address_written_as_ipv6_is_that_one_host(work: Work, reads: Reads) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    mapped = await start_at(work, viewer, playable.title_id, "::ffff:192.0.2.7", "mapped-address-1")
    await admit(reads, keyring=KEYS, token=mapped, address="192.0.2.7")
    await admit(reads, keyring=KEYS, token=mapped, address="::ffff:192.0.2.7")
    for stranger in ("::ffff:203.0.113.99", "203.0.113.99", "::ffff:192.0.2.8"):
        with pytest.raises(PlaybackTokenRefused):
            await admit(reads, keyring=KEYS, token=mapped, address=stranger)
    plain = await start_at(work, viewer, playable.title_id, "192.0.2.7", "mapped-address-2")
    await admit(reads, keyring=KEYS, token=plain, address="::ffff:192.0.2.7")


async def test_a_message_that_was_overtaken_by_a_renewal_is_taken_after_all(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    session = (await start(work, viewer, playable.title_id, KEYS)).session
    look = store.session_of_device

    async def renewed_meanwhile(connection: AsyncConnection, id: UUID, device_id: UUID) -> PlaybackSession | None:
        # As if a heartbeat of a moment ago had committed between this one's update and its look for the reason.
        renewed = {"until": work.now + timedelta(seconds=119)}
        await connection.execute(text("UPDATE playback_sessions SET lease_until = :until, sequence = 1"), renewed)
        return await look(connection, id, device_id)

    monkeypatch.setattr(store, "session_of_device", renewed_meanwhile)
    accepted = await beat(later(work, 60.1), viewer, session, KEYS, 2, 20)
    assert (accepted.session.sequence, accepted.session.lease_until) == (2, work.now + timedelta(seconds=120.1))
    await work.connection.execute(text("UPDATE playback_sessions SET lease_until = :now"), {"now": work.now})
    stopped = await stop_playback(later(work, 70), viewer=viewer, session_id=session.id, sequence=3, position_s=30)
    assert stopped.state is PlaybackState.ENDED


@pytest.mark.parametrize("position_s", [DURATION_S + 10.5, 1e9])
async def test_a_stop_behind_the_end_frees_the_screen(work: Work, reads: Reads, position_s: float) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work, plan=Plan.BASIC)
    session = (await start(work, viewer, playable.title_id, KEYS)).session
    stopped = await stop_playback(work, viewer=viewer, session_id=session.id, sequence=1, position_s=position_s)
    assert (stopped.state, stopped.position_s) == (PlaybackState.ENDED, DURATION_S)
    assert await position_of(reads, viewer, playable.title_id) == 0.0
    await start(work, await on_another_device(work, viewer), playable.title_id, KEYS)


async def test_of_two_devices_of_a_profile_the_one_that_spoke_last_is_resumed(work: Work, reads: Reads) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    other = await on_another_device(work, viewer)
    first = (await start(work, viewer, playable.title_id, KEYS)).session
    second = (await start(work, other, playable.title_id, KEYS)).session
    await beat(later(work, 30), viewer, first, KEYS, 1, 300)
    # Received before the other one, and written after it.
    await beat(later(work, 29), other, second, KEYS, 1, 50)
    assert await position_of(reads, viewer, playable.title_id) == 300
    await beat(later(work, 31), other, second, KEYS, 2, 52)
    assert await position_of(reads, viewer, playable.title_id) == 52


def test_a_token_is_read_until_its_absolute_end_and_no_longer(work: Work) -> None:
    session_id, end = uuid4(), work.now + timedelta(hours=12)
    token = make_token(KEYS, session_id=session_id, expires_at=end)
    claims = read_token(KEYS, token, now=end - timedelta(seconds=1))
    assert (claims.session_id, claims.expires_at) == (session_id, end)
    with pytest.raises(PlaybackTokenRefused):
        read_token(KEYS, token, now=end)


async def test_the_cache_keeps_no_more_answers_than_its_bound(
    work: Work, reads: Reads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.playback.admission.ANSWERS_MAX", 2)
    monkeypatch.setattr("domain.playback.admission.time.monotonic", lambda: 0.0)
    playable, viewer = await create_playable(work), await create_subscriber(work)
    devices = [viewer, await on_another_device(work, viewer), await on_another_device(work, viewer)]
    tokens = [(await start(work, device, playable.title_id, KEYS)).token for device in devices]
    cache = AdmissionCache()
    for token in tokens:
        await cache.admit(reads, keyring=KEYS, token=token, address=HOME)
    await revoke_all(work, account_id=viewer.account_id)
    await cache.admit(reads, keyring=KEYS, token=tokens[2], address=HOME)
    await cache.admit(reads, keyring=KEYS, token=tokens[1], address=HOME)
    with pytest.raises(PlaybackTokenRefused):
        await cache.admit(reads, keyring=KEYS, token=tokens[0], address=HOME)


async def test_two_starts_for_the_last_screen_wait_for_each_other(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        playable, viewer = await create_playable(work), await create_subscriber(work, plan=Plan.BASIC)
        other = await on_another_device(work, viewer)

    async def second() -> None:
        async with database.work(bus=bus) as work:
            await start(work, other, playable.title_id, KEYS)

    async with database.work(bus=bus) as work:
        session = (await start(work, viewer, playable.title_id, KEYS)).session
        waiting = asyncio.create_task(second())
        await until_one_waits(database)
    with pytest.raises(StreamLimitReached) as refused:
        await waiting
    assert [running.id for running in refused.value.sessions] == [session.id]
