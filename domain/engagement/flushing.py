"""How a group of votes is written: mostly by one statement, by what this process knows of their polls.

Admission reads the polls as they were last seen. The statement that writes locks their rows and writes nothing for a
poll that has another version, so a vote is never counted by rules that have changed. Whatever does not go that way,
a refusal too, is decided anew over rows that are read and held, in a transaction of several statements.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from domain.engagement.admission import Admitting, Ballot, refusal_of
from domain.engagement.counting import count_votes, share_polls
from domain.engagement.poll import Poll, poll_topic, tally_topic
from domain.engagement.store import votes as store
from domain.engagement.store.votes import KnownVotes, Vote
from domain.kernel.refusals import Refusal
from domain.runtime import Runtime

# More than are open at a time; one that is forgotten costs a slower flush.
KNOWN_MAX = 256


class _Known:
    """A poll as it was last seen. Its options are numbered from 1."""

    __slots__ = ("admitting", "numbers", "poll", "slots")

    def __init__(self, poll: Poll) -> None:
        self.poll = poll
        self.admitting = Admitting.of(poll)
        self.numbers: dict[UUID, int] = {option.id: number for number, option in enumerate(poll.options, start=1)}
        self.slots = poll.rules.max_choices


class Flush:
    """Writes groups of votes, no two of which are of one poll and voter."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: OrderedDict[UUID, _Known] = OrderedDict()

    async def __call__(self, ballots: Sequence[Ballot]) -> list[Vote | Refusal]:
        """Return for each ballot its vote, durable and counted, or why it does not count.

        Raises:
            Unavailable: the database went away.
        """
        now = self._runtime.clock()
        polls: dict[UUID, _Known] = {}
        known = self._admitted(ballots, polls)
        if known is not None:
            async with self._runtime.database.writers.lend() as connection:
                is_written = await store.write_known_votes(connection, known, now=now)
            self._ring(one.poll for one in polls.values())
            if is_written:
                return [_vote(ballot, now) for ballot in ballots]
        async with self._runtime.work() as work:
            shared = await share_polls(work, ballots=ballots)
            outcomes = await count_votes(work, ballots=ballots, polls=shared)
        self._learn(shared.values())
        return outcomes

    def _admitted(self, ballots: Sequence[Ballot], polls: dict[UUID, _Known]) -> KnownVotes | None:
        """Return votes to write, their polls in `polls`; None when anything about any of them is to be looked at."""
        known, firsts = KnownVotes.empty(), {}
        for ballot in ballots:
            poll_id, voter_id, choices = ballot[:3]
            seen = polls.get(poll_id)
            if seen is None:
                seen = self._known.get(poll_id)
                if seen is None or not seen.admitting.is_plain:
                    return None
                polls[poll_id] = seen
                firsts[poll_id] = (len(polls), len(known.option_ids))
                _list(known, seen.poll)
            if refusal_of(seen.admitting, ballot) is not None:
                return None
            number, first = firsts[poll_id]
            for slot in range(seen.slots):
                known.poll_numbers.append(number)
                known.voter_ids.append(voter_id)
                known.slots.append(slot)
                known.option_numbers.append(first + seen.numbers[choices[slot]] if slot < len(choices) else None)
        return known

    def _ring(self, polls: Iterable[Poll]) -> None:
        for poll in polls:
            self._runtime.bus.ring((tally_topic(poll.stream_id), poll_topic(poll.id)))

    def _learn(self, polls: Iterable[Poll]) -> None:
        for poll in polls:
            self._known[poll.id] = _Known(poll)
            self._known.move_to_end(poll.id)
        while len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)


def _list(known: KnownVotes, poll: Poll) -> None:
    known.poll_ids.append(poll.id)
    known.versions.append(poll.version)
    known.option_ids.extend(option.id for option in poll.options)
    if poll.rules.allows_change:
        known.changeable.append(poll.id)


def _vote(ballot: Ballot, now: datetime) -> Vote:
    return Vote(ballot.poll_id, ballot.voter_id, ballot.choices, 1, 0, now)
