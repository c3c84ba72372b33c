"""What a viewer can ask about its sessions and resume points."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.entitlements import Reason, decide, gather
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads
from domain.playback import store
from domain.playback.policy import PLAYBACK, PlaybackAct
from domain.playback.session import PlaybackExplanation, PlaybackSession, ResumePoint
from domain.playback.starting import what_is_on_air

CONTINUE_MAX = 50
WATCHED_MAX = 500


async def explain_playback(
    reads: Reads, *, viewer: Viewer | None, title_id: UUID | None = None, session_id: UUID | None = None
) -> PlaybackExplanation:
    """Say why the viewer may or may not play a title, decided at this instant.

    For a session, `recorded` is what was decided at its start, replayed from the question kept with it.

    Raises:
        SignInRequired.
        InvalidInput: not exactly one of title and session.
        NotFound: no such session of this account, or no such title.
    """
    viewer = require_viewer(viewer)
    if (title_id is None) == (session_id is None):
        raise InvalidInput("input", "Name either a title or a session.")
    recorded = None
    if session_id is not None:
        async with reads.connection() as connection:
            kept = await store.recorded_question(connection, session_id, viewer.account_id)
        if kept is None:
            raise NotFound("playback session", session_id)
        title_id, recorded = kept.title_id, decide(kept.question)
    assert title_id is not None, "a session has a title"
    _, on_air = await what_is_on_air(reads, title_id)
    decision = decide((await gather(reads, viewer=viewer, title_id=title_id, on_air=on_air)).question)
    sees_reasons = PLAYBACK.permits(viewer, PlaybackAct.SEE_REASONS)
    if Reason.TITLE_NOT_PUBLISHED in decision.reasons and not sees_reasons and recorded is None:
        raise NotFound("title", title_id)
    return PlaybackExplanation(title_id, reads.now, decision, recorded)


async def sessions_by_id(reads: Reads, keys: Sequence[UUID], *, viewer: Viewer | None) -> list[PlaybackSession | None]:
    """Return sessions of the viewer's account, None for missing ones and others' alike."""
    if viewer is None:
        return [None] * len(keys)
    async with reads.connection() as connection:
        return await store.sessions_by_id(connection, keys, account_id=viewer.account_id)


async def playing_sessions(reads: Reads, keys: Sequence[UUID]) -> list[PlaybackSession | None]:
    """Return sessions that play now, whoever's they are, aligned. For contexts that check whose they are."""
    async with reads.connection() as connection:
        return await store.playing_sessions(connection, keys, now=reads.now)


async def sessions_of(reads: Reads, account_ids: Sequence[UUID]) -> list[list[PlaybackSession]]:
    """Return the sessions that play now on each account's screens, the newest first."""
    async with reads.connection() as connection:
        return await store.living_sessions_of(connection, account_ids, now=reads.now)


async def resume_points_of(reads: Reads, keys: Sequence[tuple[UUID, UUID]]) -> list[ResumePoint | None]:
    """Return where each (profile, title) was left."""
    async with reads.connection() as connection:
        return await store.resume_points_of(connection, keys)


async def continue_watching(reads: Reads, *, profile_id: UUID, limit: int = CONTINUE_MAX) -> list[ResumePoint]:
    """Return what a profile has begun and not finished, the last watched first."""
    async with reads.connection() as connection:
        return await store.unfinished_points(connection, profile_id, limit=min(limit, CONTINUE_MAX))


async def last_watched(reads: Reads, *, profile_id: UUID, limit: int = WATCHED_MAX) -> list[UUID]:
    """Return the titles that a profile has watched, finished or not, the last watched first."""
    async with reads.connection() as connection:
        return await store.watched_titles(connection, profile_id, limit=min(limit, WATCHED_MAX))
