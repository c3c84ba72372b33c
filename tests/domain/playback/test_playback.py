"""Playback sessions: started by a decision, kept alive by heartbeats, admitted by their token."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.catalog import withdraw_title
from domain.entitlements import Plan, Reason, grant_access, revoke_grant
from domain.kernel.crypto import Keyring
from domain.kernel.idempotency import IdempotencyKeyReused
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Reads, Work
from domain.media.ladder import TrackClass
from domain.playback import (
    AccessDenied,
    AdmissionCache,
    HeartbeatAccepted,
    PlaybackSession,
    PlaybackStarted,
    PlaybackState,
    PlaybackTokenRefused,
    PlayerState,
    SessionEnded,
    StaleSequence,
    StreamLimitReached,
    admit,
    continue_watching,
    explain_playback,
    heartbeat,
    resume_points_of,
    revoke_all,
    revoke_session,
    sessions_by_id,
    sessions_of,
    start_playback,
    stop_playback,
)
from tests.playable import DURATION_S, create_playable, create_subscriber, on_another_device

HOME = "192.0.2.7"


@pytest.fixture(scope="session")
def keys() -> Keyring:
    return Keyring({"test": bytes(range(32))})


def later(work: Work, seconds: float) -> Work:
    """The same transaction, some time on."""
    return Work(work.connection, now=work.now + timedelta(seconds=seconds))


async def start(
    work: Work,
    viewer: Viewer,
    title_id: object,
    keys: Keyring,
    *,
    key: str | None = None,
    max_height: int | None = None,
) -> PlaybackStarted:
    return await start_playback(
        work,
        viewer=viewer,
        keyring=keys,
        title_id=title_id,  # type: ignore[arg-type]  # ids pass through unchanged
        address=HOME,
        idempotency_key=key or uuid4().hex,
        max_height=max_height,
    )


async def beat(
    work: Work,
    viewer: Viewer,
    session: PlaybackSession,
    keys: Keyring,
    sequence: int,
    position_s: float,
    *,
    address: str = HOME,
) -> HeartbeatAccepted:
    return await heartbeat(
        work,
        viewer=viewer,
        keyring=keys,
        session_id=session.id,
        sequence=sequence,
        position_s=position_s,
        state=PlayerState.PLAYING,
        address=address,
    )


async def position_of(reads: Reads, viewer: Viewer, title_id: object) -> float | None:
    (point,) = await resume_points_of(reads, [(viewer.profile_id, title_id)])  # type: ignore[list-item]  # as above
    return None if point is None else point.position_s


async def test_a_started_session_is_admitted_with_what_the_plan_allows(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work, plan=Plan.BASIC)
    started = await start(work, viewer, playable.title_id, keys)
    admitted = await admit(reads, keyring=keys, token=started.token, address=HOME)
    assert admitted.asset_id == playable.asset_id
    assert admitted.track_classes == {TrackClass.AUDIO, TrackClass.SD}
    assert admitted.max_height == 576
    assert started.decision.reasons == (Reason.GRANTED_BY_PLAN,)
    assert started.resume_position_s == 0.0


async def test_a_small_screen_gets_no_larger_picture_than_it_can_show(work: Work, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    assert (await start(work, viewer, playable.title_id, keys, max_height=480)).session.max_height == 480
    with pytest.raises(InvalidInput):
        await start(work, viewer, playable.title_id, keys, max_height=0)


async def test_a_retry_gets_the_same_session_and_a_changed_one_is_refused(work: Work, keys: Keyring) -> None:
    playable, other = await create_playable(work), await create_playable(work)
    viewer = await create_subscriber(work)
    first = await start(work, viewer, playable.title_id, keys, key="retry-me-1")
    again = await start(work, viewer, playable.title_id, keys, key="retry-me-1")
    assert (again.session.id, again.token) == (first.session.id, first.token)
    with pytest.raises(IdempotencyKeyReused):
        await start(work, viewer, other.title_id, keys, key="retry-me-1")


async def test_a_title_that_is_hidden_looks_like_one_that_is_missing(work: Work, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    await withdraw_title(work, viewer=playable.editor, title_id=playable.title_id, expected_version=2)
    for title_id in (playable.title_id, uuid4()):
        with pytest.raises(NotFound):
            await start(work, viewer, title_id, keys)
    with pytest.raises(SignInRequired):
        await start(work, None, playable.title_id, keys)  # type: ignore[arg-type]  # nobody is signed in


async def test_a_denial_tells_its_reasons_and_leaves_nothing(work: Work, keys: Keyring) -> None:
    playable = await create_playable(work, territory="DE", maturity_age=16)
    viewer = await create_subscriber(work, plan=None, territory="JP", maturity_limit=12)
    with pytest.raises(AccessDenied) as denied:
        await start(work, viewer, playable.title_id, keys)
    assert set(denied.value.reasons) == {
        Reason.NOT_AVAILABLE_IN_TERRITORY,
        Reason.MATURITY_LIMIT,
        Reason.NO_GRANT,
    }
    assert (await work.connection.execute(text("SELECT count(*) FROM playback_sessions"))).scalar_one() == 0


async def test_the_screen_after_the_last_is_refused_with_the_running_ones(work: Work, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work, plan=Plan.STANDARD)
    second, third = await on_another_device(work, viewer), await on_another_device(work, viewer)
    running = [await start(work, device, playable.title_id, keys) for device in (viewer, second)]
    with pytest.raises(StreamLimitReached) as refused:
        await start(work, third, playable.title_id, keys)
    assert refused.value.limit == 2
    assert [session.id for session in refused.value.sessions] == [started.session.id for started in running]

    await stop_playback(work, viewer=viewer, session_id=running[0].session.id, sequence=1, position_s=1)
    await start(work, third, playable.title_id, keys)


async def test_a_vanished_devices_screen_is_free_after_a_minute(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work, plan=Plan.BASIC)
    other = await on_another_device(work, viewer)
    lost = await start(work, viewer, playable.title_id, keys)
    with pytest.raises(StreamLimitReached):
        await start(later(work, 59.9), other, playable.title_id, keys)
    await start(later(work, 60), other, playable.title_id, keys)
    (session,) = await sessions_by_id(reads, [lost.session.id], viewer=viewer)
    assert session is not None
    assert session.state is PlaybackState.EXPIRED


async def test_a_reload_replaces_its_own_session(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work, plan=Plan.BASIC)
    before = await start(work, viewer, playable.title_id, keys)
    after = await start(work, viewer, playable.title_id, keys)
    ((running,),) = await sessions_of(reads, [viewer.account_id])
    assert running.id == after.session.id
    with pytest.raises(PlaybackTokenRefused):
        await admit(reads, keyring=keys, token=before.token, address=HOME)


async def test_heartbeats_renew_the_lease_and_move_the_resume_point(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    session = (await start(work, viewer, playable.title_id, keys)).session
    accepted = await beat(later(work, 50), viewer, session, keys, 1, 48.5)
    assert accepted.session.lease_until == work.now + timedelta(seconds=110)
    assert await position_of(reads, viewer, playable.title_id) == 48.5
    await beat(later(work, 100), viewer, session, keys, 2, 98.5)
    assert await position_of(reads, viewer, playable.title_id) == 98.5
    next_day = Work(work.connection, now=work.now + timedelta(days=1))
    assert (await start(next_day, viewer, playable.title_id, keys)).resume_position_s == 98.5


@pytest.mark.parametrize("sequence", [3, 2, 1])
async def test_a_stale_message_moves_nothing(work: Work, reads: Reads, keys: Keyring, sequence: int) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    session = (await start(work, viewer, playable.title_id, keys)).session
    await beat(work, viewer, session, keys, 3, 100)
    with pytest.raises(StaleSequence) as refused:
        await beat(later(work, 30), viewer, session, keys, sequence, 500)
    with pytest.raises(StaleSequence):
        await stop_playback(work, viewer=viewer, session_id=session.id, sequence=sequence, position_s=500)
    assert refused.value.latest == 3
    assert await position_of(reads, viewer, playable.title_id) == 100
    (kept,) = await sessions_by_id(reads, [session.id], viewer=viewer)
    assert kept is not None
    assert (kept.lease_until, kept.state) == (work.now + timedelta(seconds=60), PlaybackState.ACTIVE)


async def test_a_stop_without_a_start_moves_nothing(work: Work, reads: Reads) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    with pytest.raises(NotFound):
        await stop_playback(work, viewer=viewer, session_id=uuid4(), sequence=1, position_s=10)
    assert await position_of(reads, viewer, playable.title_id) is None


async def test_a_stop_repeated_is_one_stop(work: Work, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    session = (await start(work, viewer, playable.title_id, keys)).session
    first = await stop_playback(work, viewer=viewer, session_id=session.id, sequence=1, position_s=10)
    again = await stop_playback(work, viewer=viewer, session_id=session.id, sequence=1, position_s=10)
    assert first == again
    assert first.state is PlaybackState.ENDED
    with pytest.raises(SessionEnded):
        await beat(work, viewer, session, keys, 2, 20)


@pytest.mark.parametrize("position_s", [-1.0, float("nan"), float("inf"), DURATION_S + 11])
async def test_an_impossible_position_is_refused(work: Work, reads: Reads, keys: Keyring, position_s: float) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    session = (await start(work, viewer, playable.title_id, keys)).session
    with pytest.raises(InvalidInput):
        await beat(work, viewer, session, keys, 1, position_s)
    assert await position_of(reads, viewer, playable.title_id) is None


async def test_a_finished_title_starts_at_the_beginning_and_is_not_continued(
    work: Work, reads: Reads, keys: Keyring
) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    session = (await start(work, viewer, playable.title_id, keys)).session
    await beat(work, viewer, session, keys, 1, 300)
    (point,) = await continue_watching(reads, profile_id=viewer.profile_id)
    assert (point.title_id, point.position_s) == (playable.title_id, 300)
    await beat(later(work, 10), viewer, session, keys, 2, DURATION_S - 5)
    assert await continue_watching(reads, profile_id=viewer.profile_id) == []
    assert await position_of(reads, viewer, playable.title_id) == 0.0


async def test_a_session_left_too_long_does_not_come_back(work: Work, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    session = (await start(work, viewer, playable.title_id, keys)).session
    with pytest.raises(SessionEnded) as refused:
        await beat(later(work, 61), viewer, session, keys, 1, 30)
    assert refused.value.state is PlaybackState.EXPIRED


async def test_another_device_or_account_cannot_speak_for_a_session(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    session = (await start(work, viewer, playable.title_id, keys)).session
    other_device, stranger = await on_another_device(work, viewer), await create_subscriber(work)
    for somebody in (other_device, stranger):
        with pytest.raises(NotFound):
            await beat(work, somebody, session, keys, 1, 30)
    with pytest.raises(NotFound):
        await revoke_session(work, viewer=stranger, session_id=session.id)
    assert await sessions_by_id(reads, [session.id], viewer=stranger) == [None]
    with pytest.raises(NotFound):
        await explain_playback(reads, viewer=stranger, session_id=session.id)


async def test_a_session_revoked_from_elsewhere_is_over_at_once(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    started = await start(work, viewer, playable.title_id, keys)
    elsewhere = await on_another_device(work, viewer)
    for _ in range(2):
        revoked = await revoke_session(work, viewer=elsewhere, session_id=started.session.id)
        assert revoked.state is PlaybackState.REVOKED
    with pytest.raises(PlaybackTokenRefused):
        await admit(reads, keyring=keys, token=started.token, address=HOME)
    with pytest.raises(SessionEnded) as refused:
        await beat(work, viewer, started.session, keys, 1, 10)
    assert refused.value.state is PlaybackState.REVOKED


async def test_all_sessions_of_an_account_end_together(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    await start(work, viewer, playable.title_id, keys)
    await start(work, await on_another_device(work, viewer), playable.title_id, keys)
    assert await revoke_all(work, account_id=viewer.account_id) == 2
    assert await sessions_of(reads, [viewer.account_id]) == [[]]


async def test_access_that_has_gone_ends_the_session_with_its_lease(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    started = await start(work, viewer, playable.title_id, keys)
    await withdraw_title(work, viewer=playable.editor, title_id=playable.title_id, expected_version=2)
    savepoint = await work.connection.begin_nested()
    with pytest.raises(SessionEnded) as refused:
        await beat(later(work, 20), viewer, started.session, keys, 1, 10)
    await savepoint.rollback()
    assert refused.value.reasons == (Reason.TITLE_NOT_PUBLISHED,)
    after_lease = Reads(reads.database, now=work.now + timedelta(seconds=60))
    with pytest.raises(PlaybackTokenRefused):
        await admit(after_lease, keyring=keys, token=started.token, address=HOME)


async def test_a_token_is_good_only_where_its_viewer_is(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    started = await start(work, viewer, playable.title_id, keys)
    with pytest.raises(PlaybackTokenRefused):
        await admit(reads, keyring=keys, token=started.token, address="198.51.100.9")
    await beat(work, viewer, started.session, keys, 1, 10, address="198.51.100.9")
    await admit(reads, keyring=keys, token=started.token, address="198.51.100.9")
    with pytest.raises(PlaybackTokenRefused):
        await admit(reads, keyring=keys, token=started.token, address=HOME)


async def test_an_ipv6_household_is_one_place(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    started = await start(work, viewer, playable.title_id, keys)
    await beat(work, viewer, started.session, keys, 1, 10, address="2001:db8:1:2::1")
    await admit(reads, keyring=keys, token=started.token, address="2001:db8:1:2:aaaa::9")
    with pytest.raises(PlaybackTokenRefused):
        await admit(reads, keyring=keys, token=started.token, address="2001:db8:1:3::1")


async def test_a_forged_or_foreign_token_is_refused(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    token = (await start(work, viewer, playable.title_id, keys)).token
    stranger = Keyring({"other": b"\x07" * 32})
    swapped = token[:10] + ("A" if token[10] != "A" else "B") + token[11:]
    for forged in ("", token[:-1], token + "A", token[:-1] + "=", swapped, "ü" * 48, "../" * 16):
        with pytest.raises(PlaybackTokenRefused):
            await admit(reads, keyring=keys, token=forged, address=HOME)
    with pytest.raises(PlaybackTokenRefused):
        await admit(reads, keyring=stranger, token=token, address=HOME)


async def test_a_session_ends_for_good_after_half_a_day(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    started = await start(work, viewer, playable.title_id, keys)
    # As if it had been renewed all the time.
    renewed = {"until": work.now + timedelta(hours=13)}
    await work.connection.execute(text("UPDATE playback_sessions SET lease_until = :until"), renewed)
    last = Reads(reads.database, now=work.now + timedelta(hours=12))
    with pytest.raises(PlaybackTokenRefused):
        await admit(last, keyring=keys, token=started.token, address=HOME)
    with pytest.raises(SessionEnded):
        await beat(later(work, 12 * 3600), viewer, started.session, keys, 1, 30)


async def test_the_cache_answers_for_two_seconds_and_follows_a_moved_viewer(
    work: Work, reads: Reads, keys: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    started = await start(work, viewer, playable.title_id, keys)
    seconds = [0.0]
    monkeypatch.setattr("domain.playback.admission.time.monotonic", lambda: seconds[0])
    cache = AdmissionCache()
    await cache.admit(reads, keyring=keys, token=started.token, address=HOME)
    await beat(work, viewer, started.session, keys, 1, 10, address="198.51.100.9")
    await cache.admit(reads, keyring=keys, token=started.token, address="198.51.100.9")
    await revoke_all(work, account_id=viewer.account_id)
    seconds[0] = 1.9
    await cache.admit(reads, keyring=keys, token=started.token, address="198.51.100.9")
    seconds[0] = 2.1
    with pytest.raises(PlaybackTokenRefused):
        await cache.admit(reads, keyring=keys, token=started.token, address="198.51.100.9")


async def test_an_explanation_tells_what_was_decided_then_and_now(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work)
    started = await start(work, viewer, playable.title_id, keys)
    await withdraw_title(work, viewer=playable.editor, title_id=playable.title_id, expected_version=2)
    explained = await explain_playback(reads, viewer=viewer, session_id=started.session.id)
    assert explained.recorded == started.decision
    assert explained.decision.reasons == (Reason.TITLE_NOT_PUBLISHED,)
    with pytest.raises(NotFound):
        await explain_playback(reads, viewer=viewer, title_id=playable.title_id)
    with pytest.raises(InvalidInput):
        await explain_playback(reads, viewer=viewer)


async def test_a_smaller_plan_can_be_explained(work: Work, reads: Reads) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work, plan=None)
    explained = await explain_playback(reads, viewer=viewer, title_id=playable.title_id)
    assert explained.decision.reasons == (Reason.NO_GRANT,)
    assert explained.recorded is None
    abroad = replace(viewer, territory="US")
    assert (await explain_playback(reads, viewer=abroad, title_id=playable.title_id)).decision == explained.decision


async def test_a_smaller_plan_takes_tracks_from_a_running_session(work: Work, reads: Reads, keys: Keyring) -> None:
    playable, viewer = await create_playable(work), await create_subscriber(work, plan=None)
    premium = await grant_access(work, account_id=viewer.account_id, plan=Plan.PREMIUM, source="test")
    started = await start(work, viewer, playable.title_id, keys)
    await revoke_grant(work, grant_id=premium.id)
    await grant_access(work, account_id=viewer.account_id, plan=Plan.BASIC, source="test")
    await beat(later(work, 20), viewer, started.session, keys, 1, 10)
    admitted = await admit(reads, keyring=keys, token=started.token, address=HOME)
    assert admitted.track_classes == {TrackClass.AUDIO, TrackClass.SD}
    assert admitted.max_height == 576
