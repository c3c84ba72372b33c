"""Points of a show: a game's money, that nobody makes and nobody loses.

Every movement comes to zero: what players get, a pot or the house gives. Stakes wait in the poll's pot until the
prediction is settled or called off. The database refuses movements that do not come to zero, and debts of anybody but
the house.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from domain.accounts import Viewer, require_viewer
from domain.engagement.poll import Poll, PollKind, points_topic
from domain.engagement.store import points as store
from domain.engagement.store.points import Movement, Reason, Standing
from domain.kernel.refusals import InvalidInput, NotFound
from domain.kernel.work import Reads, Work
from domain.live import visible_streams

# What everybody begins with who takes part in a show's game.
WELCOME_POINTS = 1_000
BOARD_MAX = 100


@dataclass(frozen=True)
class Board:
    """The best players of a show."""

    stream_id: UUID
    top: tuple[Standing, ...]


def shares(pot: int, stakes: Sequence[int]) -> list[int]:
    """Divide a pot in proportion to stakes, to the last point: largest remainders first, then the earlier stake."""
    total = sum(stakes)
    assert total > 0, "somebody staked something"
    parts = [pot * stake // total for stake in stakes]
    remainders = sorted(range(len(stakes)), key=lambda index: (-(pot * stakes[index] % total), index))
    for index in remainders[: pot - sum(parts)]:
        parts[index] += 1
    return parts


async def pay(work: Work, *, poll: Poll) -> None:
    """Pay out what a poll that is over owes. The caller holds the poll, and notes that it is paid."""
    if poll.kind is PollKind.PREDICTION and (poll.is_cancelled or not any(option.is_right for option in poll.options)):
        await refund(work, poll=poll)
    elif poll.kind is PollKind.PREDICTION:
        await _settle(work, poll)
    elif not poll.is_cancelled:
        await _reward(work, poll)


async def refund(work: Work, *, poll: Poll) -> None:
    """Give stakes back. What somebody staked who is gone by now falls to the house."""
    pot = await store.pot_of(work.connection, poll.stream_id, poll.id)
    stakes = await store.stakes_of(work.connection, poll.id)
    await _empty(work, poll, Reason.REFUND, pot, {voter: stake for voter, _, stake in stakes})


async def welcome(work: Work, *, stream_id: UUID, player_ids: Sequence[UUID]) -> None:
    """Have these people take part in a show's game, those who do not yet."""
    known = await store.players_among(work.connection, stream_id, player_ids)
    new = sorted(set(player_ids) - known)
    if new:
        holders, points = [*new, stream_id], [*[WELCOME_POINTS] * len(new), -WELCOME_POINTS * len(new)]
        movement = Movement(work.new_id(), stream_id, None, Reason.WELCOME, holders, points)
        await store.move(work.connection, movement, now=work.now)


async def leaderboard(reads: Reads, *, viewer: Viewer | None, stream_id: UUID, limit: int) -> Board:
    """Return the best players of a show.

    Raises:
        InvalidInput.
        NotFound: no such stream, or none that the viewer may find.
    """
    if not 1 <= limit <= BOARD_MAX:
        raise InvalidInput("first", f"must be 1 to {BOARD_MAX}")
    await _check_visible(reads, viewer, stream_id)
    return await board_of(reads, stream_id, limit=limit)


async def board_of(reads: Reads, stream_id: UUID, *, limit: int = BOARD_MAX) -> Board:
    """Return the best players of a show that the caller may see."""
    async with reads.connection() as connection:
        return Board(stream_id, tuple(await store.board(connection, stream_id, limit=limit)))


async def own_standing(reads: Reads, *, viewer: Viewer | None, stream_id: UUID) -> Standing | None:
    """Return where the viewer is; None: who has not taken part is nowhere.

    Raises:
        SignInRequired.
        NotFound: no such stream, or none that the viewer may find.
    """
    viewer = require_viewer(viewer)
    await _check_visible(reads, viewer, stream_id)
    async with reads.connection() as connection:
        return await store.standing_of(connection, stream_id, viewer.account_id)


async def _check_visible(reads: Reads, viewer: Viewer | None, stream_id: UUID) -> None:
    if await visible_streams(reads, [stream_id], viewer=viewer) == [None]:
        raise NotFound("stream", stream_id)


async def _settle(work: Work, poll: Poll) -> None:
    pot = await store.pot_of(work.connection, poll.stream_id, poll.id)
    right = {option.id for option in poll.options if option.is_right}
    stakes = [
        (voter, stake) for voter, option, stake in await store.stakes_of(work.connection, poll.id) if option in right
    ]
    if not stakes:
        # Nobody saw it coming: everybody gets back what they staked.
        await refund(work, poll=poll)
        return
    parts = shares(pot, [stake for _, stake in stakes])
    paid = {voter: part for (voter, _), part in zip(stakes, parts, strict=True)}
    await _empty(work, poll, Reason.PAYOUT, pot, paid)


async def _reward(work: Work, poll: Poll) -> None:
    right = [option.id for option in poll.options if option.is_right]
    winners = await store.right_voters(work.connection, poll.id, right)
    if not winners:
        return
    await welcome(work, stream_id=poll.stream_id, player_ids=winners)
    holders = [*winners, poll.stream_id]
    points = [*[poll.rules.points] * len(winners), -poll.rules.points * len(winners)]
    movement = Movement(work.new_id(), poll.stream_id, poll.id, Reason.QUIZ, holders, points)
    await store.move(work.connection, movement, now=work.now)
    work.ring(points_topic(poll.stream_id))


async def _empty(work: Work, poll: Poll, reason: Reason, pot: int, paid: dict[UUID, int]) -> None:
    """Empty a poll's pot: to these players, and what is left to the house."""
    if not pot:
        return
    entries = {poll.id: -pot, **{player: points for player, points in paid.items() if points}}
    left = pot - sum(paid.values())
    assert left >= 0, "a pot holds what was staked"
    if left:
        entries[poll.stream_id] = left
    movement = Movement(work.new_id(), poll.stream_id, poll.id, reason, list(entries), list(entries.values()))
    await store.move(work.connection, movement, now=work.now)
    work.ring(points_topic(poll.stream_id))
