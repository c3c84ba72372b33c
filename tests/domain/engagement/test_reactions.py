"""Reactions: counted by the second, over all processes, and shown as rates."""

from uuid import uuid4

import pytest

from domain.engagement.reactions import (
    DEFAULT_EMOJIS,
    NoSuchReaction,
    ReactionCounter,
    ReactionRate,
    ReactionSet,
    choose_reactions,
    prune_reactions,
    reaction_counter,
    reaction_rates,
    reactions_of,
    send_reaction,
)
from domain.engagement.store.reactions import ReactionSecond
from domain.kernel.refusals import (
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    SignInRequired,
    StaleVersion,
    Unavailable,
)
from domain.live import StreamNotLive, end_stream
from tests.live_streams import create_live_stream
from tests.talk_scene import TalkShow

HEART, CLAP = DEFAULT_EMOJIS[:2]


async def rates(talk: TalkShow) -> dict[str, float]:
    found = await reaction_rates(talk.reads(), talk.stream.id)
    return {rate.emoji: rate.per_s for rate in found if rate.per_s}


async def test_taps_are_rates_over_the_last_seconds(talk: TalkShow) -> None:
    ada, ben = await talk.viewer(), await talk.viewer()
    await send_reaction(talk.runtime, viewer=ada, stream_id=talk.stream.id, emoji=HEART, taps=7)
    await send_reaction(talk.runtime, viewer=ben, stream_id=talk.stream.id, emoji=HEART, taps=3)
    await send_reaction(talk.runtime, viewer=ben, stream_id=talk.stream.id, emoji=CLAP)
    assert await talk.count("SELECT count(*) FROM reaction_seconds") == 0
    await reaction_counter(talk.runtime).write()
    assert await rates(talk) == {HEART: 2.0, CLAP: 0.2}
    assert await reaction_rates(talk.reads(), talk.stream.id) == [
        ReactionRate(HEART, 2.0), ReactionRate(CLAP, 0.2), *(ReactionRate(emoji, 0.0) for emoji in DEFAULT_EMOJIS[2:]),
    ]  # fmt: skip
    talk.clock.advance(5)
    assert await rates(talk) == {}
    await talk.commits.close()


async def test_counts_of_several_processes_add_up(talk: TalkShow) -> None:
    ada = await talk.viewer()
    second = ReactionSecond(talk.stream.id, talk.clock(), HEART)
    for taps in (4, 6):
        counter = ReactionCounter(talk.runtime)
        counter.add(ada, second, taps, now=talk.clock())
        await counter.close()
        with pytest.raises(Unavailable):
            counter.add(ada, second, taps, now=talk.clock())
    assert await talk.count("SELECT count FROM reaction_seconds") == 10


async def test_streams_ring_until_their_rates_have_fallen(talk: TalkShow) -> None:
    ada = await talk.viewer()
    topic, counter = f"reactions:{talk.stream.id}", ReactionCounter(talk.runtime)
    before = talk.bus.rings(topic)
    counter.add(ada, ReactionSecond(talk.stream.id, talk.clock(), HEART), 1, now=talk.clock())
    for _ in range(7):
        await counter.write()
        talk.clock.advance(1)
    await counter.close()
    assert talk.bus.rings(topic) == before + 7


async def test_what_could_not_be_written_is_written_later(talk: TalkShow, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await talk.viewer()
    counter = ReactionCounter(talk.runtime)
    counter.add(ada, ReactionSecond(uuid4(), talk.clock(), HEART), 2, now=talk.clock())
    with pytest.raises(Exception, match="violates foreign key"):
        await counter.write()
    assert [*counter._counts.values()] == [2]
    counter._counts.clear()
    await counter.close()


async def test_only_the_shows_reactions_are_taken_and_only_a_few_at_once(talk: TalkShow) -> None:
    ada, stream_id = await talk.viewer(), talk.stream.id
    for emoji in ("💩", "x", "", "<b>", HEART * 1000, "\x00"):
        with pytest.raises(NoSuchReaction) as refused:
            await send_reaction(talk.runtime, viewer=ada, stream_id=stream_id, emoji=emoji)
        assert refused.value.emojis == DEFAULT_EMOJIS
    for taps in (0, -1, 21, 10**9):
        with pytest.raises(InvalidInput):
            await send_reaction(talk.runtime, viewer=ada, stream_id=stream_id, emoji=HEART, taps=taps)
    with pytest.raises(SignInRequired):
        await send_reaction(talk.runtime, viewer=None, stream_id=stream_id, emoji=HEART)
    assert not reaction_counter(talk.runtime)._counts


async def test_floods_of_taps_are_stopped(talk: TalkShow) -> None:
    ada = await talk.viewer()
    for taps in (20, 20):
        await send_reaction(talk.runtime, viewer=ada, stream_id=talk.stream.id, emoji=HEART, taps=taps)
    with pytest.raises(RateLimited) as limited:
        await send_reaction(talk.runtime, viewer=ada, stream_id=talk.stream.id, emoji=CLAP, taps=4)
    assert limited.value.retry_after_s == 0.5
    talk.clock.advance(0.5)
    await send_reaction(talk.runtime, viewer=ada, stream_id=talk.stream.id, emoji=CLAP, taps=4)
    await talk.commits.close()
    assert await talk.count("SELECT sum(count)::bigint FROM reaction_seconds") == 44


async def test_hidden_absent_and_ended_shows_take_none(talk: TalkShow) -> None:
    ada = await talk.viewer()
    async with talk.work() as work:
        hidden, _ = await create_live_stream(work, territory="FR")
        await end_stream(work, viewer=talk.host, stream_id=talk.stream.id, expected_version=talk.stream.version)
    for stream_id in (hidden.id, uuid4()):
        with pytest.raises(NotFound):
            await send_reaction(talk.runtime, viewer=ada, stream_id=stream_id, emoji=HEART)
    with pytest.raises(StreamNotLive):
        await send_reaction(talk.runtime, viewer=ada, stream_id=talk.stream.id, emoji=HEART)


async def test_hosts_choose_reactions(talk: TalkShow) -> None:
    ada, stream_id = await talk.viewer(), talk.stream.id
    await send_reaction(talk.runtime, viewer=ada, stream_id=stream_id, emoji=HEART)
    for viewer, version, emojis, refusal in (
        (ada, 0, ["🐸"], Forbidden),
        (talk.host, 1, ["🐸"], StaleVersion),
        (talk.host, 0, ["frog"], InvalidInput),
        (talk.host, 0, ["🐸\u202e"], InvalidInput),
        (talk.host, 0, ["🐸"] * 13, InvalidInput),
        (talk.host, 0, ["🐸" * 17], InvalidInput),
    ):
        with pytest.raises(refusal):
            async with talk.work() as work:
                await choose_reactions(
                    work, viewer=viewer, stream_id=stream_id, expected_version=version, emojis=emojis
                )  # fmt: skip
    async with talk.work() as work:
        chosen = await choose_reactions(
            work, viewer=talk.host, stream_id=stream_id, expected_version=0, emojis=["🐸", "🦆", "🐸"]
        )
    assert chosen == ReactionSet(stream_id, ("🐸", "🦆"), 1)
    assert await reactions_of(talk.reads(), [stream_id, other := uuid4()]) == [chosen, ReactionSet(other)]
    # Processes hear of it at once.
    with pytest.raises(NoSuchReaction):
        await send_reaction(talk.runtime, viewer=ada, stream_id=stream_id, emoji=HEART)
    await send_reaction(talk.runtime, viewer=ada, stream_id=stream_id, emoji="🐸")
    await talk.commits.close()


async def test_old_seconds_are_pruned(talk: TalkShow) -> None:
    ada = await talk.viewer()
    await send_reaction(talk.runtime, viewer=ada, stream_id=talk.stream.id, emoji=HEART)
    await reaction_counter(talk.runtime).write()
    talk.clock.advance(100)
    async with talk.work() as work:
        kept = talk.clock() - talk.clock().replace(minute=0)
        assert await prune_reactions(work, kept=kept + kept, limit=5) == 0
        assert await prune_reactions(work, kept=kept / 2, limit=5) == 1
    await talk.commits.close()
