"""Points: staked, won, given back; none appear and none are lost."""

import asyncio
import random
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from domain.accounts import Viewer
from domain.engagement import (
    NewPoll,
    NotEnoughPoints,
    Poll,
    PollKind,
    PollState,
    StakeOutOfRange,
    Standing,
    VoteUnchangeable,
    cancel_poll,
    leaderboard,
    lock_poll,
    own_standing,
    reveal_poll,
    settle_prediction,
    turn_poll,
    undo_poll,
)
from domain.engagement.points import WELCOME_POINTS, shares
from domain.engagement.store import points as store
from domain.engagement.store.points import Movement, Reason
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired
from tests.poll_scene import Show, question


def prediction(options: int = 3) -> NewPoll:
    return question(PollKind.PREDICTION, options=options, points=800)


async def locked(show: Show, poll: Poll) -> Poll:
    """Lock a poll and wait until its results are final."""
    async with show.work() as work:
        poll = await lock_poll(work, viewer=show.host, poll_id=poll.id, expected_version=poll.version)
    show.clock.advance(65)
    return poll


async def settled(show: Show, poll: Poll, number: int) -> Poll:
    poll = await locked(show, poll)
    async with show.work() as work:
        return await settle_prediction(
            work, viewer=show.host, poll_id=poll.id, expected_version=poll.version,
            option_id=poll.options[number - 1].id,
        )  # fmt: skip


async def turned(show: Show, poll: Poll, *, after_s: float = 10) -> Poll:
    show.clock.advance(after_s)
    async with show.work() as work:
        found = await turn_poll(work, poll_id=poll.id)
    assert found is not None
    return found


async def have(show: Show, *players: Viewer) -> list[int]:
    return [await show.points(player.account_id) for player in players]


def test_a_pot_is_divided_to_the_last_point() -> None:
    assert shares(10, [1, 1, 1]) == [4, 3, 3]
    assert shares(100, [50]) == [100]
    assert shares(7, [1, 2, 4]) == [1, 2, 4]
    random.seed(5)
    for _ in range(500):
        stakes = [random.randint(1, 1_000_000) for _ in range(random.randint(1, 30))]
        pot = sum(stakes) + random.randint(0, 10_000_000)
        parts = shares(pot, stakes)
        assert sum(parts) == pot
        assert all(abs(part - pot * stake / sum(stakes)) < 1 for part, stake in zip(parts, stakes, strict=True))


async def test_the_pot_goes_to_who_was_right(show: Show) -> None:
    poll, (one, two, three) = await show.opened(prediction()), await show.voters(3)
    await show.vote(one, poll, 1, stake=100)
    await show.vote(two, poll, 1, stake=50)
    await show.vote(three, poll, 2, stake=101)
    assert await have(show, one, two, three) == [900, 950, 899]
    assert await show.points(poll.id) == 251
    assert [option.stake for option in (await show.tally(poll)).options] == [150, 101, 0]
    poll = await settled(show, poll, 1)
    assert [option.is_right for option in poll.options] == [True, False, False]
    # Nothing is paid while the host may still take it back.
    assert await have(show, one, two, three) == [900, 950, 899]
    await turned(show, poll)
    assert await have(show, one, two, three) == [1067, 1034, 899]
    assert (await show.points(poll.id), await show.points(show.stream.id)) == (0, -3000)
    await turned(show, poll)
    assert await have(show, one, two, three) == [1067, 1034, 899]


async def test_a_settlement_may_be_taken_back_and_made_again(show: Show) -> None:
    poll, (one, two) = await show.opened(prediction()), await show.voters(2)
    await show.vote(one, poll, 1, stake=100)
    await show.vote(two, poll, 2, stake=100)
    poll = await settled(show, poll, 1)
    async with show.work() as work:
        poll = await undo_poll(work, viewer=show.host, poll_id=poll.id, expected_version=poll.version)
    assert (poll.state, [option.is_right for option in poll.options]) == (PollState.LOCKED, [False] * 3)
    await turned(show, poll)
    async with show.work() as work:
        poll = await settle_prediction(
            work, viewer=show.host, poll_id=poll.id, expected_version=poll.version, option_id=poll.options[1].id
        )
    await turned(show, poll)
    assert await have(show, one, two) == [900, 1100]


async def test_stakes_go_back_when_it_is_called_off_or_nobody_was_right(show: Show) -> None:
    for end in ("cancelled", "nobody", "undone"):
        poll, (one, two) = await show.opened(prediction()), await show.voters(2)
        await show.vote(one, poll, 1, stake=100)
        await show.vote(two, poll, 2, stake=800)
        if end == "nobody":
            await turned(show, await settled(show, poll, 3))
        else:
            async with show.work() as work:
                act = cancel_poll if end == "cancelled" else undo_poll
                poll = await act(work, viewer=show.host, poll_id=poll.id, expected_version=poll.version)
            await turned(show, poll)
        assert await have(show, one, two) == [1000, 1000]
        assert await show.points(poll.id) == 0


async def test_nobody_stakes_what_they_lack_or_twice(show: Show) -> None:
    first, second, player = await show.opened(prediction()), await show.opened(prediction()), await show.voter()
    for stake in (None, 0, -1, 801):
        with pytest.raises(StakeOutOfRange):
            await show.vote(player, first, 1, stake=stake)
    await show.vote(player, first, 1, stake=700)
    with pytest.raises(NotEnoughPoints) as refused:
        await show.vote(player, second, 1, stake=301)
    assert refused.value.points == 300
    assert (await show.vote(player, first, 1, stake=700)).stake == 700
    for number, stake in ((2, 700), (1, 100)):
        with pytest.raises(VoteUnchangeable):
            await show.vote(player, first, number, stake=stake)
    assert await have(show, player) == [300]
    assert await show.counts(second) == [0, 0, 0]


async def test_stakes_at_once_never_come_to_more_than_there_is(show: Show) -> None:
    polls, players = [await show.opened(prediction()) for _ in range(4)], await show.voters(6)
    votes = [show.vote(player, poll, 1, stake=300) for player in players for poll in polls for _ in range(2)]
    found = await asyncio.gather(*votes, return_exceptions=True)
    assert {type(one).__name__ for one in found} == {"Vote", "NotEnoughPoints"}
    assert await have(show, *players) == [100] * 6
    assert sum([await show.points(poll.id) for poll in polls]) == 6 * 900
    for poll in polls:
        await show.tally(poll)


async def test_a_quiz_pays_who_found_all_right_answers(show: Show) -> None:
    poll = await show.opened(question(PollKind.QUIZ, options=4, right=(1, 3), points=50))
    one, two, three, four = await show.voters(4)
    await show.vote(one, poll, 1, 3)
    await show.vote(two, poll, 1)
    await show.vote(three, poll, 1, 2)
    await show.vote(four, poll, 3, 1)
    poll = await locked(show, poll)
    async with show.work() as work:
        poll = await reveal_poll(work, viewer=show.host, poll_id=poll.id, expected_version=poll.version)
    assert (await turned(show, poll, after_s=9)).paid_at is None
    assert (await turned(show, poll, after_s=1)).paid_at == show.clock()
    assert await have(show, one, two, three, four) == [1050, 0, 0, 1050]
    assert await show.points(show.stream.id) == -2100


async def test_the_board_has_the_best_and_everybodys_own_place(show: Show) -> None:
    poll, players = await show.opened(prediction()), sorted(await show.voters(4), key=lambda one: one.account_id)
    for player, stake in zip(players, (10, 30, 20, 10), strict=True):
        await show.vote(player, poll, 1, stake=stake)
    board = await leaderboard(show.reads(), viewer=None, stream_id=show.stream.id, limit=3)
    order = [players[0], players[3], players[2], players[1]]
    assert [(one.player_id, one.place, one.points) for one in board.top] == [
        (player.account_id, place, points)
        for player, place, points in zip(order, (1, 2, 3), (990, 990, 980), strict=False)
    ]
    for place, player in enumerate(order, start=1):
        own = await own_standing(show.reads(), viewer=player, stream_id=show.stream.id)
        assert own is not None
        assert own.place == place
    assert await own_standing(show.reads(), viewer=await show.voter(), stream_id=show.stream.id) is None
    with pytest.raises(SignInRequired):
        await own_standing(show.reads(), viewer=None, stream_id=show.stream.id)
    for limit in (0, 101):
        with pytest.raises(InvalidInput):
            await leaderboard(show.reads(), viewer=None, stream_id=show.stream.id, limit=limit)
    with pytest.raises(NotFound):
        await leaderboard(show.reads(), viewer=None, stream_id=uuid4(), limit=1)


async def test_the_database_refuses_points_from_nowhere(show: Show) -> None:
    async def moved(points: list[int], holders: list[UUID]) -> None:
        async with show.work() as work:
            movement = Movement(uuid4(), show.stream.id, None, Reason.WELCOME, holders, points)
            await store.move(work.connection, movement, now=work.now)

    player = uuid4()
    for points, holders in (([5], [player]), ([5, -4], [player, show.stream.id]), ([-5, 5], [player, show.stream.id])):
        with pytest.raises((asyncpg.IntegrityConstraintViolationError, DBAPIError)):
            await moved(points, holders)
    await moved([WELCOME_POINTS, -WELCOME_POINTS], [player, show.stream.id])
    for sql in ("DELETE FROM point_entries", "UPDATE point_entries SET points = 1", "TRUNCATE point_entries"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with show.work() as work:
                await work.connection.exec_driver_sql(sql)
    assert await show.points(player) == WELCOME_POINTS


async def test_a_board_of_a_hundred_thousand_players_is_read_from_its_index(show: Show) -> None:
    async with show.work() as work:
        await work.connection.execute(
            text(
                "INSERT INTO point_entries SELECT :movement, id, :stream, NULL, 'WELCOME', points, now() FROM ("
                "SELECT gen_random_uuid() AS id, 1 + n % 5000 AS points FROM generate_series(1, 100000) n"
                " UNION ALL SELECT :stream, -sum(1 + n % 5000) FROM generate_series(1, 100000) n) given"
            ),
            {"movement": uuid4(), "stream": show.stream.id},
        )
    board = await leaderboard(show.reads(), viewer=None, stream_id=show.stream.id, limit=100)
    assert [(one.place, one.points) for one in (board.top[0], board.top[19], board.top[20])] == [
        (1, 5000), (20, 5000), (21, 4999),
    ]  # fmt: skip
    own = await standing(show, board.top[20].player_id)
    assert own == board.top[20]
    async with show.database.read() as connection:
        await connection.execute(text("VACUUM ANALYZE point_balances"))
        await connection.execute(text(f"PREPARE asked (uuid, integer) AS {store.BOARD}"))
        plan = "".join((await connection.execute(text(f"EXPLAIN EXECUTE asked ('{show.stream.id}', 100)"))).scalars())
        await connection.execute(text("DEALLOCATE asked"))
    assert "Index Only Scan using point_balances_board_idx" in plan
    assert "Sort" not in plan


async def standing(show: Show, player_id: UUID) -> Standing | None:
    async with show.database.read() as connection:
        return await store.standing_of(connection, show.stream.id, player_id)
