"""Polls, their options and tallies in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.engagement.poll import (
    LocalText,
    OptionId,
    Poll,
    PollAct,
    PollId,
    PollKind,
    PollOption,
    PollRules,
    PollState,
    Reveal,
    Undo,
)
from domain.engagement.store.poll_tables import poll_options, poll_tallies, poll_turnouts, polls
from domain.entitlements import Plan
from domain.kernel.hot import fetch_all

_p = polls.c

_SELECT = """
    SELECT p.*, (
        SELECT jsonb_agg(jsonb_build_object('id', o.id, 'number', o.number, 'label', o.label,
            'artwork_id', o.artwork_id, 'is_right', o.is_right) ORDER BY o.number)
        FROM poll_options o WHERE o.poll_id = p.id
    ) AS options
    FROM polls p
"""
_BY_ID = f"{_SELECT} WHERE p.id = ANY($1::uuid[])"
# Shared: flushes of votes go side by side, and wait only for who changes the poll, as that one waits for them.
_SHARED = f"{_SELECT} WHERE p.id = ANY($1::uuid[]) ORDER BY p.id FOR SHARE OF p"
_HELD = f"{_SELECT} WHERE p.id = ANY($1::uuid[]) FOR UPDATE OF p"
_COUNTING = f"""
    {_SELECT} WHERE p.stream_id = $1 AND p.state NOT IN ('DRAFT', 'ARCHIVED') ORDER BY p.id DESC LIMIT $2
"""
_OF_STREAM = f"{_SELECT} WHERE p.stream_id = $1 ORDER BY p.id DESC LIMIT $2"


@dataclass(frozen=True)
class OptionTally:
    """How the votes for one option are. `weight` is their sum by weight, `stake` what was staked on it."""

    option_id: UUID
    votes: int
    weight: int
    stake: int


@dataclass(frozen=True)
class Tally:
    """How the votes of a poll are: of all options in their order, and how many have voted."""

    poll_id: UUID
    voters: int
    options: tuple[OptionTally, ...]

    @property
    def average(self) -> float | None:
        """The mean number of the options that were chosen, by weight; None while nobody has voted."""
        weight = sum(option.weight for option in self.options)
        if not weight:
            return None
        return sum(number * option.weight for number, option in enumerate(self.options, start=1)) / weight


async def polls_by_id(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Poll | None]:
    """Return polls aligned with `ids`."""
    found = {row["id"]: _poll(row) for row in await fetch_all(connection, _BY_ID, list(set(ids)))}
    return [found.get(id) for id in ids]


async def polls_of_options(connection: AsyncConnection, option_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the polls that options are of, by option."""
    columns = (poll_options.c.id, poll_options.c.poll_id)
    rows = await connection.execute(select(*columns).where(poll_options.c.id.in_(set(option_ids))))
    return {row.id: row.poll_id for row in rows}


async def share_polls(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, Poll]:
    """Return polls that nobody changes until the transaction ends; others may do the same meanwhile."""
    return {row["id"]: _poll(row) for row in await fetch_all(connection, _SHARED, ids)}


async def hold_poll(connection: AsyncConnection, id: UUID) -> Poll | None:
    """Return a poll that nobody else reads to vote, or changes, until the transaction ends."""
    return next((_poll(row) for row in await fetch_all(connection, _HELD, [id])), None)


async def polls_of_stream(connection: AsyncConnection, stream_id: UUID, *, limit: int) -> list[Poll]:
    """Return the newest polls of a stream."""
    return [_poll(row) for row in await fetch_all(connection, _OF_STREAM, stream_id, limit)]


async def counting_polls(connection: AsyncConnection, stream_id: UUID, *, limit: int) -> list[Poll]:
    """Return the newest polls of a stream that may have votes and are not put away."""
    return [_poll(row) for row in await fetch_all(connection, _COUNTING, stream_id, limit)]


async def insert_poll(connection: AsyncConnection, poll: Poll) -> None:
    """Write a new poll, with tallies of nothing."""
    await connection.execute(insert(polls).values(id=poll.id, **_values(poll)))
    await connection.execute(insert(poll_turnouts).values(poll_id=poll.id, voters=0))
    await _insert_options(connection, poll)


async def update_poll(connection: AsyncConnection, poll: Poll) -> None:
    """Write a poll that is held, but for its options."""
    await connection.execute(update(polls).where(_p.id == poll.id).values(**_values(poll)))


async def replace_options(connection: AsyncConnection, poll: Poll) -> None:
    """Write other options of a poll that has no votes."""
    await connection.execute(delete(poll_options).where(poll_options.c.poll_id == poll.id))
    await _insert_options(connection, poll)


async def mark_right(connection: AsyncConnection, poll_id: UUID, option_id: UUID | None) -> None:
    """Say which option of a prediction came true; None: none did yet."""
    right = poll_options.c.id == option_id if option_id is not None else False
    await connection.execute(update(poll_options).where(poll_options.c.poll_id == poll_id).values(is_right=right))


async def tallies_of(connection: AsyncConnection, poll_ids: Sequence[UUID]) -> list[Tally | None]:
    """Return tallies aligned with `poll_ids`."""
    rows = await fetch_all(connection, _TALLIES, list(set(poll_ids)))
    options: dict[UUID, list[OptionTally]] = {}
    voters: dict[UUID, int] = {}
    for row in rows:
        voters[row["poll_id"]] = row["voters"]
        tally = OptionTally(row["option_id"], row["votes"], row["weight"], row["stake"])
        options.setdefault(row["poll_id"], []).append(tally)
    return [Tally(id, voters[id], tuple(options[id])) if id in voters else None for id in poll_ids]


_TALLIES = """
    SELECT t.poll_id, t.option_id, t.votes, t.weight, t.stake, n.voters
    FROM poll_tallies t JOIN poll_options o ON o.id = t.option_id JOIN poll_turnouts n ON n.poll_id = t.poll_id
    WHERE t.poll_id = ANY($1::uuid[]) ORDER BY t.poll_id, o.number
"""


async def _insert_options(connection: AsyncConnection, poll: Poll) -> None:
    await connection.execute(
        insert(poll_options),
        [
            {
                "id": option.id,
                "poll_id": poll.id,
                "number": option.number,
                "label": _texts_json(option.label),
                "artwork_id": option.artwork_id,
                "is_right": option.is_right,
            }
            for option in poll.options
        ],
    )
    await connection.execute(
        insert(poll_tallies),
        [{"poll_id": poll.id, "option_id": option.id, "votes": 0, "weight": 0, "stake": 0} for option in poll.options],
    )


def _values(poll: Poll) -> dict[str, object]:
    rules, undo = poll.rules, poll.undo
    return {
        "stream_id": poll.stream_id,
        "kind": poll.kind.value,
        "state": poll.state.value,
        "question": _texts_json(poll.question),
        "min_choices": rules.min_choices,
        "max_choices": rules.max_choices,
        "points": rules.points,
        "reveal": rules.reveal.value,
        "is_anonymous": rules.is_anonymous,
        "allows_change": rules.allows_change,
        "requires_playback": rules.requires_playback,
        "reveals_itself": rules.reveals_itself,
        "duration_s": rules.duration_s,
        "plans": None if rules.plans is None else [plan.value for plan in rules.plans],
        "territories": None if rules.territories is None else list(rules.territories),
        "weights": {plan.value: weight for plan, weight in rules.weights.items()},
        "max_latency_s": poll.max_latency_s,
        "opens_at": poll.opens_at,
        "locks_at": poll.locks_at,
        "is_cancelled": poll.is_cancelled,
        "paid_at": poll.paid_at,
        "undo": None if undo is None else _undo_json(undo),
        "created_by": poll.created_by,
        "created_at": poll.created_at,
        "version": poll.version,
    }


def _poll(row: Any) -> Poll:
    return Poll(
        id=PollId(row["id"]),
        stream_id=row["stream_id"],
        kind=PollKind(row["kind"]),
        state=PollState(row["state"]),
        question=_texts(row["question"]),
        options=tuple(_option(option) for option in row["options"]),
        rules=_rules(row),
        max_latency_s=row["max_latency_s"],
        opens_at=row["opens_at"],
        locks_at=row["locks_at"],
        is_cancelled=row["is_cancelled"],
        paid_at=row["paid_at"],
        undo=None if row["undo"] is None else _undo(row["undo"]),
        created_by=row["created_by"],
        created_at=row["created_at"],
        version=row["version"],
    )


def _rules(row: Any) -> PollRules:
    plans, territories = row["plans"], row["territories"]
    return PollRules(
        min_choices=row["min_choices"],
        max_choices=row["max_choices"],
        points=row["points"],
        reveal=Reveal(row["reveal"]),
        is_anonymous=row["is_anonymous"],
        allows_change=row["allows_change"],
        requires_playback=row["requires_playback"],
        reveals_itself=row["reveals_itself"],
        duration_s=row["duration_s"],
        plans=None if plans is None else tuple(Plan(plan) for plan in plans),
        territories=None if territories is None else tuple(territories),
        weights={Plan(plan): weight for plan, weight in row["weights"].items()},
    )


def _option(kept: Mapping[str, Any]) -> PollOption:
    artwork_id = kept["artwork_id"]
    return PollOption(
        OptionId(UUID(kept["id"])),
        kept["number"],
        _texts(kept["label"]),
        None if artwork_id is None else UUID(artwork_id),
        kept["is_right"],
    )


def _texts(kept: Sequence[Sequence[str]]) -> tuple[LocalText, ...]:
    return tuple(LocalText(language, text) for language, text in kept)


def _texts_json(texts: Sequence[LocalText]) -> list[list[str]]:
    # A list, since the first language is what those get who want another, and objects keep no order here.
    return [[text.language, text.text] for text in texts]


def _undo(kept: Mapping[str, Any]) -> Undo:
    return Undo(
        PollAct(kept["act"]),
        datetime.fromisoformat(kept["acted_at"]),
        PollState(kept["state"]),
        _instant(kept["opens_at"]),
        _instant(kept["locks_at"]),
    )


def _undo_json(undo: Undo) -> dict[str, str | None]:
    return {
        "act": undo.act.value,
        "acted_at": undo.acted_at.isoformat(),
        "state": undo.state.value,
        "opens_at": None if undo.opens_at is None else undo.opens_at.isoformat(),
        "locks_at": None if undo.locks_at is None else undo.locks_at.isoformat(),
    }


def _instant(kept: str | None) -> datetime | None:
    return None if kept is None else datetime.fromisoformat(kept)
