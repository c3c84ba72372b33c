"""Times as XMLTV writes them."""

from datetime import UTC, datetime

import pytest

from domain.guide.listing_problems import ListingProblem, ProblemReason
from domain.guide.listing_times import read_time


@pytest.mark.parametrize(
    ("written", "hour", "minute", "second"),
    [
        ("20300102123456", 12, 34, 56),
        ("203001021234", 12, 34, 0),
        ("2030010212", 12, 0, 0),
        ("20300102123456 +0000", 12, 34, 56),
        ("20300102123456 +0300", 9, 34, 56),
        ("20300102123456 -0530", 18, 4, 56),
        ("20300102123456+01:00", 11, 34, 56),
        ("203001021234 BST", 11, 34, 0),
        ("203001021234 est", 17, 34, 0),
        ("203001021234Z", 12, 34, 0),
        ("  20300102123456  UTC ", 12, 34, 56),
    ],
)
def test_a_time_is_read_in_its_zone_and_in_utc_without_one(written: str, hour: int, minute: int, second: int) -> None:
    assert read_time(written) == datetime(2030, 1, 2, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", ProblemReason.BAD_TIME),
        ("tomorrow", ProblemReason.BAD_TIME),
        ("2030-01-02T12:00:00Z", ProblemReason.BAD_TIME),
        ("20300230120000", ProblemReason.BAD_TIME),
        ("20300102250000", ProblemReason.BAD_TIME),
        ("2030010212345", ProblemReason.BAD_TIME),
        ("00000102120000", ProblemReason.BAD_TIME),
        ("00010101000000 +1400", ProblemReason.BAD_TIME),
        ("٢٠٣٠٠١٠٢١٢٣٤", ProblemReason.BAD_TIME),
        ("20300102", ProblemReason.COARSE_TIME),
        ("203001", ProblemReason.COARSE_TIME),
        ("2030", ProblemReason.COARSE_TIME),
        ("203001021234 IST", ProblemReason.UNKNOWN_ZONE),
        ("203001021234 +1500", ProblemReason.UNKNOWN_ZONE),
        ("203001021234 +0060", ProblemReason.UNKNOWN_ZONE),
        ("203001021234 +1", ProblemReason.UNKNOWN_ZONE),
    ],
)
def test_what_is_no_time_says_why(written: str, reason: ProblemReason) -> None:
    with pytest.raises(ListingProblem) as refused:
        read_time(written)
    assert refused.value.reason is reason
    assert refused.value.quoted == written.strip()
