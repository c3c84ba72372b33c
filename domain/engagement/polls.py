"""Making polls, changing them while nobody could vote, and finding them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.hosting import hosted_stream, may_host
from domain.engagement.poll import EDITABLE, Poll, PollChanged, PollId, PollState, WrongPollState
from domain.engagement.poll_checks import CheckedPoll, NewPoll, checked_poll
from domain.engagement.store import polls as store
from domain.engagement.store import votes as votes_store
from domain.engagement.store.polls import Tally
from domain.engagement.store.votes import Vote
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, Refusal, StaleVersion
from domain.kernel.work import Reads, Work
from domain.live import Stream, StreamNotLive, StreamState, stream_topic, streams_by_id, visible_streams, who_sees
from domain.media.artwork import ArtworkState
from domain.media.artworks import artworks_by_id

# More than a show of a day has; all of them are loaded at once.
POLLS_OF_STREAM_MAX = 500
# Those whose bars may move on a screen; older ones are looked up.
POLLS_AT_ONCE_MAX = 20


@dataclass(frozen=True)
class NamedVote:
    """A vote of a poll that is not anonymous, as its hosts see it."""

    vote: Vote


class TooManyPolls(Refusal):
    """The stream has as many polls as it may."""

    def __init__(self) -> None:
        super().__init__(f"A stream has at most {POLLS_OF_STREAM_MAX} polls.")


async def create_poll(work: Work, *, viewer: Viewer | None, stream_id: UUID, new: NewPoll) -> Poll:
    """Write down a question to ask later. Hosts of the stream's title, and editors.

    Raises:
        SignInRequired, Forbidden, InvalidInput, StreamNotLive, TooManyPolls.
        NotFound: no such stream, or no such picture of its title.
    """
    viewer, stream = await hosted_stream(work.reads(), viewer=viewer, stream_id=stream_id)
    checked = await _checked(work, stream, new)
    if stream.state is StreamState.ENDED:
        raise StreamNotLive(stream.state)
    if len(await store.polls_of_stream(work.connection, stream_id, limit=POLLS_OF_STREAM_MAX)) >= POLLS_OF_STREAM_MAX:
        raise TooManyPolls
    poll = Poll(
        id=PollId(work.new_id()),
        stream_id=stream_id,
        kind=checked.kind,
        state=PollState.DRAFT,
        question=checked.question,
        options=checked.options,
        rules=checked.rules,
        max_latency_s=stream.max_latency_s,
        opens_at=None,
        locks_at=None,
        is_cancelled=False,
        paid_at=None,
        undo=None,
        created_by=viewer.account_id,
        created_at=work.now,
        version=1,
    )
    await store.insert_poll(work.connection, poll)
    return poll


async def update_poll(work: Work, *, viewer: Viewer | None, poll_id: UUID, expected_version: int, new: NewPoll) -> Poll:
    """Ask something else, or otherwise, while the poll has not opened. Its options are new ones.

    Locks the poll; announces PollChanged of a scheduled one. Raises:
        SignInRequired, Forbidden, InvalidInput, StaleVersion, WrongPollState.
        NotFound: no such poll, or no such picture of its title.
    """
    poll, stream = await held_poll(work, viewer=viewer, poll_id=poll_id)
    if poll.version != expected_version:
        raise StaleVersion(expected_version, poll.version)
    if poll.state not in EDITABLE:
        raise WrongPollState(poll.state)
    checked = await _checked(work, stream, new)
    changed = replace(
        poll,
        kind=checked.kind,
        question=checked.question,
        options=checked.options,
        rules=checked.rules,
        undo=None,
        version=poll.version + 1,
    )
    await store.update_poll(work.connection, changed)
    await store.replace_options(work.connection, changed)
    if changed.state is not PollState.DRAFT:
        await work.announce(stream_topic(stream.id), PollChanged(poll.id, changed.state))
    return changed


async def held_poll(work: Work, *, viewer: Viewer | None, poll_id: UUID) -> tuple[Poll, Stream]:
    """Return a poll as it is now, locked until the transaction ends, and its stream, for somebody who runs the show.

    Raises:
        SignInRequired, Forbidden.
        NotFound: no such poll, none of a stream that the viewer may find, or a draft of another's show.
    """
    require_viewer(viewer)
    (seen,) = await visible_polls(work.reads(), [poll_id], viewer=viewer)
    if seen is None:
        raise NotFound("poll", poll_id)
    _, stream = await hosted_stream(work.reads(), viewer=viewer, stream_id=seen.stream_id)
    poll = await store.hold_poll(work.connection, poll_id)
    assert poll is not None, "a poll is never deleted"
    return poll.turned(work.now), stream


async def visible_polls(reads: Reads, ids: Sequence[UUID], *, viewer: Viewer | None) -> list[Poll | None]:
    """Return the polls of streams that the viewer may find, aligned; drafts only for those who run the show."""
    async with reads.connection() as connection:
        found = await store.polls_by_id(connection, ids)
    stream_ids = sorted({poll.stream_id for poll in found if poll is not None})
    streams = await visible_streams(reads, stream_ids, viewer=viewer)
    shown = {id: stream for id, stream in zip(stream_ids, streams, strict=True) if stream is not None}
    return [
        poll.turned(reads.now) if poll is not None and _is_shown(poll, shown.get(poll.stream_id), viewer) else None
        for poll in found
    ]


async def polls_by_id(reads: Reads, ids: Sequence[UUID]) -> list[Poll | None]:
    """Return polls whoever may see them, aligned."""
    async with reads.connection() as connection:
        return [None if poll is None else poll.turned(reads.now) for poll in await store.polls_by_id(connection, ids)]


async def public_polls(reads: Reads, ids: Sequence[UUID]) -> list[Poll | None]:
    """Return polls for anybody who may find their stream, aligned: no drafts."""
    return [poll if poll is not None and _is_public(poll) else None for poll in await polls_by_id(reads, ids)]


async def polls_of_streams(reads: Reads, stream_ids: Sequence[UUID]) -> list[list[Poll]]:
    """Return what is or will be asked in streams that the viewer has come by, the newest first, without drafts."""
    async with reads.connection() as connection:
        found = [await store.polls_of_stream(connection, id, limit=POLLS_OF_STREAM_MAX) for id in stream_ids]
    return [[poll.turned(reads.now) for poll in polls if _is_public(poll)] for polls in found]


async def polls_of_options(reads: Reads, option_ids: Sequence[UUID], *, viewer: Viewer | None) -> list[Poll | None]:
    """Return the polls of options that the viewer may find, aligned."""
    async with reads.connection() as connection:
        poll_ids = await store.polls_of_options(connection, option_ids)
    found = await visible_polls(reads, sorted(set(poll_ids.values())), viewer=viewer)
    shown = {poll.id: poll for poll in found if poll is not None}
    return [shown.get(PollId(poll_ids[id])) if id in poll_ids else None for id in option_ids]


async def hosts_polls(
    reads: Reads, *, viewer: Viewer | None, stream_id: UUID, limit: int = POLLS_OF_STREAM_MAX
) -> list[Poll]:
    """Return the newest polls of a stream, drafts too, for those who run the show.

    Raises:
        SignInRequired, Forbidden, NotFound, InvalidInput.
    """
    if not 1 <= limit <= POLLS_OF_STREAM_MAX:
        raise InvalidInput("first", f"must be 1 to {POLLS_OF_STREAM_MAX}")
    await hosted_stream(reads, viewer=viewer, stream_id=stream_id)
    async with reads.connection() as connection:
        found = await store.polls_of_stream(connection, stream_id, limit=limit)
    return [poll.turned(reads.now) for poll in found]


async def shown_tallies(reads: Reads, polls: Sequence[Poll]) -> list[Tally | None]:
    """Return the tallies of those polls that everybody may see the results of, aligned."""
    tallies = await tallies_of(reads, [poll.id for poll in polls if poll.shows_results])
    found = {tally.poll_id: tally for tally in tallies if tally is not None}
    return [found.get(poll.id) for poll in polls]


async def voters_tallies(reads: Reads, poll_ids: Sequence[UUID]) -> list[Tally | None]:
    """Return tallies for somebody who has voted in all of these polls, as far as voters may see them, aligned."""
    shown = [
        poll.id for poll in await polls_by_id(reads, poll_ids) if poll is not None and poll.shows_results_to_voters
    ]
    found = {tally.poll_id: tally for tally in await tallies_of(reads, shown) if tally is not None}
    return [found.get(id) for id in poll_ids]


async def tallies_of_stream(reads: Reads, stream_id: UUID) -> list[Tally]:
    """Return the tallies that everybody who may find a stream may see now."""
    async with reads.connection() as connection:
        polls = await store.counting_polls(connection, stream_id, limit=POLLS_AT_ONCE_MAX)
    shown = await shown_tallies(reads, [poll.turned(reads.now) for poll in polls])
    return [tally for tally in shown if tally is not None]


async def who_sees_results(reads: Reads, poll_id: UUID, viewers: Sequence[Viewer | None]) -> list[bool]:
    """Tell for each of many viewers whether it may see how a poll's votes are."""
    (poll,) = await polls_by_id(reads, [poll_id])
    if poll is None or not poll.shows_results_to_voters:
        return [False for _ in viewers]
    sees = await who_sees(reads, poll.stream_id, viewers)
    if poll.shows_results:
        return sees
    ids = [viewer.account_id for viewer in viewers if viewer is not None]
    async with reads.connection() as connection:
        voted = await votes_store.kept_votes(connection, [(poll_id, id) for id in ids])
    return [
        sees_it and viewer is not None and (poll_id, viewer.account_id) in voted
        for sees_it, viewer in zip(sees, viewers, strict=True)
    ]


async def votes_of_poll(reads: Reads, *, viewer: Viewer | None, poll_id: UUID, page: PageRequest) -> Page[NamedVote]:
    """Return who voted how in a poll that is not anonymous, for those who run the show. Their order means nothing.

    Raises:
        SignInRequired, NotFound, InvalidInput.
        Forbidden: not by this viewer, or by nobody: the poll is anonymous.
    """
    require_viewer(viewer)
    (poll,) = await visible_polls(reads, [poll_id], viewer=viewer)
    if poll is None:
        raise NotFound("poll", poll_id)
    await hosted_stream(reads, viewer=viewer, stream_id=poll.stream_id)
    if poll.rules.is_anonymous:
        raise Forbidden("see who voted how in an anonymous poll")
    list_name = f"votes:{poll_id}"
    cursor = page.before if page.backwards else page.after
    place = None if cursor is None else _voter_at(list_name, cursor)
    async with reads.connection() as connection:
        rows = await votes_store.page_of_votes(
            connection, poll_id, place=place, backwards=page.backwards, limit=page.limit + 1
        )
    votes = [NamedVote(vote) for vote in rows]
    return page_of(votes, request=page, cursor=lambda named: encode_cursor(list_name, named.vote.voter_id))


def _voter_at(list_name: str, cursor: str) -> UUID:
    values = decode_cursor(list_name, cursor)
    try:
        return UUID(str(values[0]))
    except (ValueError, IndexError):
        raise InvalidInput("cursor", "This cursor does not belong to this list. Start from the first page.") from None


async def tallies_of(reads: Reads, poll_ids: Sequence[UUID]) -> list[Tally | None]:
    """Return how votes are, aligned; who may see it is the caller's question."""
    async with reads.connection() as connection:
        return await store.tallies_of(connection, poll_ids)


def _is_shown(poll: Poll, stream: Stream | None, viewer: Viewer | None) -> bool:
    return stream is not None and (_is_public(poll) or may_host(viewer, stream))


def _is_public(poll: Poll) -> bool:
    """Tell whether a poll was ever meant to be asked: what was called off before it had a time never was."""
    return poll.state is not PollState.DRAFT and poll.opens_at is not None


async def _checked(work: Work, stream: Stream, new: NewPoll) -> CheckedPoll:
    checked = checked_poll(new)
    wanted = sorted({option.artwork_id for option in checked.options if option.artwork_id is not None})
    for id, artwork in zip(wanted, await artworks_by_id(work.reads(), wanted), strict=True):
        if artwork is None or artwork.title_id != stream.title_id:
            raise NotFound("artwork", id)
        if artwork.state is not ArtworkState.READY:
            raise InvalidInput("artworkId", "is not ready yet")
    return checked


async def stream_of(reads: Reads, poll: Poll) -> Stream:
    """Return a poll's stream."""
    (stream,) = await streams_by_id(reads, [poll.stream_id])
    assert stream is not None, "a stream is never deleted"
    return stream
