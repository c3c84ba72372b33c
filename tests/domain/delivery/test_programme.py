"""What a channel has sent, by arithmetic alone: without gaps, with numbers that stay, and bounded."""

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from domain.delivery.programme import LEAD_IN_S, PASSES_MAX, WINDOW_S, Programme, TooShortToSend, sent_segments

START = datetime(2030, 1, 1, 12, 0, 0, 123_456, tzinfo=UTC)


def programme(duration_s: float, *, ends_after_s: float | None = None) -> Programme:
    ends_at = None if ends_after_s is None else START + timedelta(seconds=ends_after_s)
    return Programme.of(starts_at=START, ends_at=ends_at, duration_s=duration_s)


def listed(durations: list[float], of: Programme, after_s: float) -> list[tuple[int, float, float]]:
    """Every segment that can be played: its number, and from when until when, in seconds after the show began."""
    offset = (of.starts_at - of.origin).total_seconds()
    return [
        (
            one.pass_number * len(durations) + one.index,
            one.pass_number * of.pass_s + one.starts_s - offset,
            one.pass_number * of.pass_s + one.starts_s + durations[one.index] - offset,
        )
        for one in sent_segments(durations, of, START + timedelta(seconds=after_s))
    ]


@pytest.mark.parametrize("seed", range(20))
def test_segments_follow_without_gaps_and_keep_their_numbers(seed: int) -> None:
    chance = random.Random(seed)
    durations = [round(chance.uniform(1, 4), 3) for _ in range(chance.randint(1, 40))]
    of = programme(sum(durations))
    known: dict[int, float] = {}
    after_s = 0.0
    for _ in range(40):
        found = listed(durations, of, after_s)
        assert found, "whoever comes with the first second finds enough to play"
        assert [one[0] for one in found] == list(range(found[0][0], found[0][0] + len(found)))
        assert all(one[2] == pytest.approx(next[1], abs=0.001) for one, next in pairwise(found))
        assert found[-1][2] <= after_s + 0.001
        # The next one is not out yet.
        assert after_s - found[-1][2] <= max(durations) + 0.001
        for number, starts_s, _ in found:
            assert known.setdefault(number, starts_s) == pytest.approx(starts_s, abs=0.001)
        after_s += chance.choice([0.3, 2.0, 61.0, 400.0])


def test_the_first_second_has_a_lead_in_and_the_window_grows_to_its_bound() -> None:
    durations = [2.0] * 30
    of = programme(60)
    assert LEAD_IN_S - 4 <= -listed(durations, of, 0)[0][1] <= LEAD_IN_S
    assert listed(durations, of, 100)[0][1] == pytest.approx(-LEAD_IN_S, abs=2)
    assert listed(durations, of, 5000)[0][1] == pytest.approx(5000 - WINDOW_S, abs=2)


def test_short_passes_are_bounded_in_number() -> None:
    assert len(listed([1.0], programme(1.0), 100_000)) <= PASSES_MAX + 1


def test_what_is_too_short_is_not_sent() -> None:
    with pytest.raises(TooShortToSend):
        programme(0.99)


def test_after_a_year_the_clock_is_right_to_the_millisecond() -> None:
    of = programme(12.345)
    passes = 2_500_000
    exact = of.origin + timedelta(milliseconds=12_345) * passes
    assert abs(of.pass_starts_at(passes) - exact) < timedelta(milliseconds=1)


def test_a_show_that_ended_stands_still() -> None:
    durations = [2.0] * 6
    of = programme(12, ends_after_s=30)
    assert listed(durations, of, 30) == listed(durations, of, 9999)
    assert not of.is_over(START + timedelta(seconds=29))
    assert of.is_over(START + timedelta(seconds=30))


def test_an_instant_before_the_show_has_nothing_of_it() -> None:
    of = programme(60)
    found = listed([2.0] * 30, of, -20)
    assert all(ends_s <= -20 for _, _, ends_s in found)
