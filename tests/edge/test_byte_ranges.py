from datetime import UTC, datetime

import pytest

from edge.byte_ranges import ByteRange, RangeUnsatisfiable, is_unchanged, requested_range

ETAG = '"abc"'
MODIFIED = datetime(2030, 1, 1, 12, 0, 0, 250_000, tzinfo=UTC)
DATE, EARLIER, LATER = (f"Tue, 01 Jan 2030 {hour}:00:00 GMT" for hour in (12, 11, 13))


def asked(range_header: str, if_range: str | None = None, *, size_bytes: int = 100) -> ByteRange | None:
    headers = {"range": range_header} | ({"if-range": if_range} if if_range else {})
    return requested_range(headers, size_bytes=size_bytes, etag=ETAG, modified=MODIFIED)


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=90-", 90, 100),
        ("bytes=90-1000", 90, 100),
        ("bytes=-10", 90, 100),
        ("bytes=-1000", 0, 100),
        ("Bytes= 5-6 ", 5, 7),
    ],
)
def test_one_range_is_cut_to_the_object(header: str, start: int, end: int) -> None:
    assert asked(header) == ByteRange(start, end)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=0-1,5-6",
        "items=0-1",
        "0-1",
        "bytes=1-2-3",
        f"bytes={'9' * 40}-",
    ],
)
def test_what_is_no_single_range_means_the_whole(header: str) -> None:
    assert asked(header) is None


@pytest.mark.parametrize(
    ("header", "size_bytes"), [("bytes=100-", 100), ("bytes=200-300", 100), ("bytes=-0", 100), ("bytes=0-", 0)]
)
def test_a_range_outside_the_object_cannot_be_had(header: str, size_bytes: int) -> None:
    with pytest.raises(RangeUnsatisfiable):
        asked(header, size_bytes=size_bytes)


@pytest.mark.parametrize(
    ("condition", "in_part"),
    [
        (ETAG, True),
        (DATE, True),
        ('"other"', False),
        (f"W/{ETAG}", False),
        (EARLIER, False),
        (LATER, False),
        ("no date", False),
    ],
)
def test_a_part_is_given_only_of_the_version_the_client_has(condition: str, in_part: bool) -> None:
    assert (asked("bytes=0-0", condition) is not None) is in_part


@pytest.mark.parametrize(
    ("headers", "unchanged"),
    [
        ({}, False),
        ({"if-none-match": ETAG}, True),
        ({"if-none-match": f'"x", W/{ETAG}'}, True),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": '"x"'}, False),
        ({"if-modified-since": DATE}, True),
        ({"if-modified-since": EARLIER}, False),
        ({"if-modified-since": "no date"}, False),
        # The tag decides alone where both are sent.
        ({"if-none-match": '"x"', "if-modified-since": DATE}, False),
    ],
)
def test_a_client_that_has_this_version_is_told_so(headers: dict[str, str], unchanged: bool) -> None:
    assert is_unchanged(headers, etag=ETAG, modified=MODIFIED) is unchanged
