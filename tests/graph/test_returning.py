"""When clients are told to come back: soon when they are few, spread out when they are many."""

from graph.transports.returning import Returning, retry_after_ms


def test_a_few_come_back_at_once_and_a_crowd_within_twenty_seconds() -> None:
    assert all(100 <= retry_after_ms(3) < 1_100 for _ in range(200))
    crowd = [retry_after_ms(2_000) for _ in range(2_000)]
    assert 100 <= min(crowd) < 1_000
    assert 12_000 < max(crowd) < 13_500
    # A process lets 150 in each second; chance puts a few more into one of them.
    assert max(sum(start <= moment < start + 1_000 for moment in crowd) for start in range(0, 14_000, 1_000)) < 210
    assert max(retry_after_ms(10**6) for _ in range(1_000)) <= 20_100


def test_those_who_came_first_are_told_again_when_the_crowd_has_grown() -> None:
    count = 1
    told: list[int] = []
    returning = Returning(lambda: count)
    assert returning.enter(told.append) < 1_100
    count = 150
    assert returning.outgrown() == ()
    count = 1_000
    later: list[int] = []
    returning.enter(later.append)
    assert list(returning.outgrown()) == [told.append]
    returning.leave(told.append)
    assert list(returning.outgrown()) == []
