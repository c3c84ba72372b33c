"""Reading listings: what each programme of a file says, and what is wrong with it."""

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.guide import listings as listings_rules
from domain.guide.listing_problems import FileFailure, ProblemReason
from domain.guide.listings_file import next_batch, outcomes_of
from domain.guide.slot import Programme, SlotText
from tests.domain.guide.listings_files import HEAD, listings, programme, read


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2030, 1, 2, hour, minute, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "listings"


def test_a_programme_says_what_a_schedule_shows_of_it(file: Path) -> None:
    inside = """
      <title lang="de">Spätes
          Glück &amp; mehr</title><title lang="en_GB">Late Luck</title><title lang="de">Second of a language</title>
      <sub-title lang="de">Folge</sub-title>
      <desc lang="de">Eine  lange
         Zeile.</desc>
      <credits><actor>Somebody</actor></credits><date>19981224</date><category>Drama</category>
      <episode-num system="onscreen">S9E9</episode-num><episode-num system="xmltv_ns"> 2 . 9/13 . 0/1 </episode-num>
      <previously-shown/>"""
    (found,), failed = read(file, listings(programme("2000", "2130", inside=inside)))
    assert failed is None
    assert (found.number, found.line, found.channel, found.problem) == (1, 4, "one", None)
    assert (found.starts_at, found.ends_at) == (at(20), at(21, 30))
    assert found.programme == Programme(
        texts=(
            SlotText("de", "Spätes Glück & mehr", "Folge", "Eine lange Zeile."),
            SlotText("en-GB", "Late Luck"),
        ),
        season_number=3,
        episode_number=10,
        production_year=1998,
        is_repeat=True,
    )


@pytest.mark.parametrize(
    ("inside", "texts"),
    [
        ("<title>A</title><desc>B</desc>", [SlotText("", "A", "", "B")]),
        ('<title lang="de">A</title><desc>B</desc>', [SlotText("de", "A", "", "B")]),
        ('<title>A</title><desc lang="de">B</desc>', [SlotText("", "A"), SlotText("de", "A", "", "B")]),
        ('<title lang="Klingon!">A</title>', [SlotText("", "A")]),
        (f"<title>{'x' * 300}</title>", [SlotText("", "x" * 199 + "…")]),
        ("<title>A<b>bold</b>C</title>", [SlotText("", "AC")]),
    ],
)
def test_texts_go_with_their_language_and_are_cut(file: Path, inside: str, texts: list[SlotText]) -> None:
    (found,), _ = read(file, listings(programme("2000", "2100", inside=inside)))
    assert found.programme is not None
    assert list(found.programme.texts) == texts


@pytest.mark.parametrize(
    ("written", "numbers"),
    [("0.0.", (1, 1)), ("0..", (1, None)), (".4.", (None, 5)), ("1.0.0/1", (2, 1)), ("x", (None, None)),
     ("", (None, None)), ("99999.0.", (None, 1))],
)  # fmt: skip
def test_episodes_are_counted_from_zero_in_the_file(
    file: Path, written: str, numbers: tuple[int | None, int | None]
) -> None:
    inside = f'<title>A</title><episode-num system="xmltv_ns">{written}</episode-num>'
    (found,), _ = read(file, listings(programme("2000", "2100", inside=inside)))
    assert found.programme is not None
    assert (found.programme.season_number, found.programme.episode_number) == numbers


def test_a_programme_without_an_end_lasts_until_the_next_of_its_channel(file: Path) -> None:
    data = listings(
        programme("2000", None),
        programme("2015", "2030", channel="two"),
        programme("2100", None),
        programme("2200", "2300"),
        programme("2300", None),
    )
    found, _ = read(file, data)
    assert [(one.number, one.channel, one.ends_at, one.problem) for one in found] == [
        (2, "two", at(20, 30), None),
        (1, "one", at(21), None),
        (3, "one", at(22), None),
        (4, "one", at(23), None),
        (5, "one", None, ProblemReason.NO_END),
    ]


def test_bad_programmes_in_the_middle_are_named_and_the_rest_is_kept(file: Path) -> None:
    data = listings(
        programme("2000", "2100"),
        programme("20300102", "2200"),
        programme("yesterday", "2200"),
        programme("2100", "203001022200 XYZ"),
        programme("2200", "2100"),
        programme("2100", "20300105210000"),
        programme("2100", "2200", inside="<desc>Nothing else</desc>"),
        programme("2100", "2200", channel=" "),
        programme("2030", "2130"),
        programme("2000", "2100"),
        '<programme start="20300102210000" stop="20300102220000"><title>A</title></programme>',
        programme("2100", "2200").replace("<programme", '<programme clumpidx="1/2"'),
        programme("2100", "2200"),
    )
    found, failed = read(file, data)
    assert failed is None
    assert [(one.number, one.problem) for one in found] == [
        (1, None),
        (2, ProblemReason.COARSE_TIME),
        (3, ProblemReason.BAD_TIME),
        (4, ProblemReason.UNKNOWN_ZONE),
        (5, ProblemReason.BAD_LENGTH),
        (6, ProblemReason.BAD_LENGTH),
        (7, ProblemReason.NO_NAME),
        (8, ProblemReason.NO_CHANNEL),
        (9, ProblemReason.OVERLAPS),
        (10, ProblemReason.OVERLAPS),
        (11, ProblemReason.NO_CHANNEL),
        (12, ProblemReason.SHARED_SLOT),
        (13, None),
    ]
    assert found[2].quoted == "yesterday"


BEGINNING = HEAD + programme("2000", "2100")
ENTITY = '<!DOCTYPE tv [<!ENTITY a "boom">]><tv>' + programme("2000", "2100", inside="<title>&a;</title>") + "</tv>"
OUTSIDE = '<!DOCTYPE tv [<!ENTITY % x SYSTEM "file:///etc/hostname"> %x;]><tv></tv>'


@pytest.mark.parametrize(
    ("data", "failure", "line", "kept"),
    [
        (BEGINNING, FileFailure.NOT_XML, 5, 1),
        (BEGINNING + "<programme></tv>", FileFailure.NOT_XML, 5, 1),
        (BEGINNING + "\x00</tv>", FileFailure.NOT_XML, 5, 1),
        ("", FileFailure.NOT_XML, 1, 0),
        ("{}", FileFailure.NOT_XML, 1, 0),
        ('<?xml version="1.0" encoding="klingon"?><tv/>', FileFailure.NOT_XML, 1, 0),
        ("<html></html>", FileFailure.NOT_XMLTV, 1, 0),
        (ENTITY, FileFailure.NOT_XMLTV, 1, 0),
        (OUTSIDE, FileFailure.NOT_XMLTV, 1, 0),
        (BEGINNING + "<a>" * 100, FileFailure.TOO_LARGE, 5, 1),
        (BEGINNING + "<!--" + "x" * 3_000_000, FileFailure.TOO_LARGE, 5, 1),
        (BEGINNING + '<a b="' + "x" * 3_000_000, FileFailure.TOO_LARGE, 5, 1),
        (gzip.compress(BEGINNING.encode())[:-9], FileFailure.NOT_XML, None, 0),
        (b"\x1f\x8bnonsense", FileFailure.NOT_XML, None, 0),
    ],
)
def test_what_is_no_listings_file_fails_where_it_goes_wrong(
    file: Path, data: str | bytes, failure: FileFailure, line: int | None, kept: int
) -> None:
    found, failed = read(file, data)
    assert failed is not None
    assert (failed.failure, failed.line) == (failure, line)
    assert [one.problem for one in found] == [None] * kept


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-16"])
def test_a_file_may_be_in_an_older_encoding(file: Path, encoding: str) -> None:
    data = listings(programme("2000", "2100", inside="<title>Glück</title>")).replace("UTF-8", encoding)
    (found,), failed = read(file, data.encode(encoding))
    assert failed is None
    assert found.programme is not None
    assert found.programme.texts == (SlotText("", "Glück"),)


def test_a_file_may_be_compressed_in_several_pieces(file: Path) -> None:
    data = listings(programme("2000", "2100"), programme("2100", "2200")).encode()
    found, failed = read(file, gzip.compress(data[:200]) + gzip.compress(data[200:]))
    assert failed is None
    assert [one.problem for one in found] == [None, None]


def test_a_text_without_end_takes_no_room(file: Path) -> None:
    inside = f"<title>A</title><desc>{'x' * 20_000_000}</desc>"
    (found,), _ = read(file, listings(programme("2000", "2100", inside=inside)))
    assert found.programme is not None
    assert found.programme.texts == (SlotText("", "A", "", "x" * 4_999 + "…"),)


def test_there_is_an_end_to_channels_and_programmes(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings_rules, "CHANNELS_MAX", 2)
    found, failed = read(file, listings(*(programme("2000", "2100", channel=f"c{number}") for number in range(9))))
    assert failed is not None
    assert (failed.failure, len(found)) == (FileFailure.TOO_LARGE, 3)
    monkeypatch.setattr(listings_rules, "PROGRAMMES_MAX", 5)
    found, failed = read(file, listings(*(programme("2000", "2100") for _ in range(9))))
    assert failed is not None
    assert (failed.failure, len(found)) == (FileFailure.TOO_LARGE, 5)
    monkeypatch.setattr(listings_rules, "OF_CHANNEL_MAX", 1)
    found, _ = read(file, listings(programme("2000", "2100"), programme("2100", "2200")))
    assert [one.problem for one in found] == [None, ProblemReason.OUT_OF_RANGE]


def test_batches_together_are_the_file_whatever_their_size(file: Path) -> None:
    data = listings(*(programme(f"{hour:02}00", None) for hour in range(10)))
    whole, _ = read(file, data)
    for size in (1, 3, 10, 11):
        outcomes, together = outcomes_of(file), []
        while True:
            batch = next_batch(outcomes, size)
            assert len(batch.outcomes) <= size
            together += batch.outcomes
            if batch.is_last:
                break
        assert together == whole
