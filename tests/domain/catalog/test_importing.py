"""Files cut into records, records read as rows, and rows written in batches."""

import csv
import io
import random
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.catalog import TitleKind, create_title, store
from domain.catalog.importing import ImportMode, RowCode, RowUnusable, Written, fields_of, read_row, write_rows
from domain.catalog.importing.columns import cells_of, csv_line
from domain.catalog.importing.records import CsvRecords, JsonRecords, Place, Record
from domain.kernel.facts import Fact, append_facts, head, read_facts
from domain.kernel.work import Work
from tests.arrange import create_editor


def cut(data: bytes, *, sizes: int, reader: type[CsvRecords] | type[JsonRecords] = CsvRecords) -> list[Record]:
    """Feed a file in chunks of one size."""
    records = reader(Place(0, 1))
    found = [one for at in range(0, len(data), sizes) for one in records.feed(data[at : at + sizes])]
    return [*found, *records.finish()]


def test_cells_are_those_that_pythons_own_reader_finds_however_the_file_is_chunked() -> None:
    chance = random.Random(7)
    for _ in range(300):
        rows = [
            ["".join(chance.choices("a\",\n\r é'=", k=chance.randrange(6))) for _ in range(3)]
            for _ in range(chance.randrange(1, 5))
        ]
        written = io.StringIO(newline="")
        csv.writer(written, quoting=csv.QUOTE_ALL).writerows(rows)
        data = written.getvalue().encode()
        whole = cut(data, sizes=len(data))
        assert [one.value for one in whole] == rows
        assert cut(data, sizes=1) == whole


def test_reading_goes_on_from_the_place_of_any_record() -> None:
    data = '\ufeffa,b\r\n"x\n""y""",1\r\n\r\nlast,"'.encode() + b'\xff"\n1,2'
    whole = cut(data, sizes=5)
    assert [one.line for one in whole] == [1, 2, 5, 6]
    for at, record in enumerate(whole):
        rest = CsvRecords(record.next)
        assert [*rest.feed(data[record.next.offset :]), *rest.finish()] == whole[at + 1 :]
    assert whole[-1].next == Place(len(data), 7)


def test_a_quote_that_is_never_closed_is_one_problem_of_its_row() -> None:
    found = cut(b'a,b\n"c,d\ne,f\n', sizes=100)
    assert [(one.line, one.fault and one.fault.code) for one in found] == [(1, None), (2, RowCode.BAD_QUOTING)]


@pytest.mark.parametrize("cell", ["=1+1", "'=1", "''=1", "'", "+1", "-", "@x", "\tx", "plain", "it's", ""])
def test_what_a_spreadsheet_takes_for_a_formula_is_disarmed_and_comes_back(cell: str) -> None:
    columns = ["external_id", "name:en"]
    line = csv_line(cells_of(columns, {"external_id": "x", "texts": {"en": {"name": cell}}}))
    (record,) = cut(line.encode(), sizes=100)
    assert isinstance(record.value, list)
    assert record.value[1][:1] not in ("=", "+", "-", "@", "\t", "\r") or not cell
    assert fields_of(columns, record.value) == {"external_id": "x", "texts": {"en": {"name": cell}}}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"external_id": 1}, "external_id"),
        ({"external_id": "x" * 129}, "external_id"),
        ({"external_id": "a\nb"}, "external_id"),
        ({"external_id": "x", "release_year": True}, "release_year"),
        ({"external_id": "x", "release_year": 1999.0}, "release_year"),
        ({"external_id": "x", "number": -1}, "number"),
        ({"external_id": "x", "starts_at": "2030-01-01T00:00:00"}, "starts_at"),
        ({"external_id": "x", "starts_at": "9999-12-31T23:59:59-23:00"}, "starts_at"),
        ({"external_id": "x", "texts": []}, "texts"),
        ({"external_id": "x", "texts": {"en": "x"}}, "texts.en"),
        ({"external_id": "x", "texts": {"en": {"name": "x" * 201}}}, "name:en"),
        ({"external_id": "x", "texts": {"EN": {"name": "x"}, "en": {"name": "y"}}}, "texts.en"),
        ({"external_id": "x", "genres": ["a", "a"]}, "genres"),
        ({"external_id": "x", "genres": [None]}, "genres"),
        ({"external_id": "x", "tags": "cosy"}, "tags"),
        ({"external_id": "x", "ratings": {"FSK": "13"}}, "ratings"),
        ({"external_id": "x", "ratings": {"XYZ": "13"}}, "ratings"),
        ({"external_id": "x", "rights": [{"territory": "de", "opens_at": "2030-01-01T00:00:00Z"}]}, "rights"),
        ({"external_id": "x", "rights": [{"territory": "DE", "opens_at": "2030-01-01T00:00:00Z", "plans": []}]},
         "rights"),
        ({"external_id": "x", "rights": [{"territory": "DE", "opens_at": "2030-01-01T00:00:00Z"}] * 2}, "rights"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_told_by_its_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(RowUnusable) as refused:
        read_row(7, fields)
    assert [(one.line, one.field) for one in refused.value.problems] == [(7, field)]


async def write(work: Work, editor: Viewer, *rows: dict[str, object]) -> Written:
    read = [read_row(line, row) for line, row in enumerate(rows, start=1)]
    return await write_rows(work, rows=read, mode=ImportMode.UPSERT, account_id=editor.account_id)


def title(key: str, kind: str = "MOVIE", **fields: object) -> dict[str, object]:
    return {"external_id": key, "kind": kind, "default_language": "en", "texts": {"en": {"name": key}}, **fields}


def told(written: Written) -> tuple[int, int, int, list[tuple[int, RowCode]]]:
    return written.created, written.updated, written.unchanged, [(one.line, one.code) for one in written.problems]


async def test_what_a_row_does_not_name_stays_and_null_clears(work: Work) -> None:
    editor, key = await create_editor(work), uuid4().hex
    texts = {"en": {"name": "Ada", "synopsis": "About"}, "de": {"name": "Ada"}}
    await write(work, editor, title(key, release_year=1999, texts=texts, ratings={"FSK": "12"}))
    assert told(await write(work, editor, {"external_id": key, "release_year": None})) == (0, 1, 0, [])
    assert told(await write(work, editor, {"external_id": key, "texts": {"en": {"name": "Bo"}, "de": None}})) == (
        0, 1, 0, [],
    )  # fmt: skip
    entry = (await store.lock_titles_of(work.connection, [key]))[key].entry
    assert (entry.release_year, entry.texts) == (None, {"en": ("Bo", "About")})
    assert [rating.system for rating in entry.ratings] == ["FSK"]
    refused = await write(work, editor, {"external_id": key, "texts": {"en": None}})
    assert told(refused) == (0, 0, 0, [(1, RowCode.REQUIRED)])


async def test_parts_may_come_before_their_parents_in_a_batch_and_fall_with_them(work: Work) -> None:
    editor, key = await create_editor(work), uuid4().hex
    season = title(f"{key}s", "SEASON", parent=key, number=1)
    episode = title(f"{key}e", "EPISODE", parent=f"{key}s", number=1)
    broken = {**title(key, "SERIES"), "tags": ["no-such-tag"]}
    fallen = await write(work, editor, episode, season, broken)
    assert sorted(told(fallen)[3]) == [
        (1, RowCode.UNKNOWN_PARENT), (2, RowCode.UNKNOWN_PARENT), (3, RowCode.UNKNOWN_TAG),
    ]  # fmt: skip
    assert told(await write(work, editor, episode, season, title(key, "SERIES"))) == (3, 0, 0, [])


async def test_a_title_made_by_hand_is_changed_by_its_own_id(work: Work) -> None:
    editor = await create_editor(work)
    made = await create_title(work, viewer=editor, kind=TitleKind.MOVIE, language="en", name="Ada")
    written = await write(work, editor, {"external_id": str(made.id), "release_year": 2001})
    assert told(written) == (0, 1, 0, [])
    (after,) = await store.titles_by_id(work.connection, [made.id])
    assert after is not None
    assert (after.release_year, after.version) == (2001, 2)


async def test_a_row_that_only_the_database_refuses_is_left_out_alone(work: Work) -> None:
    editor, keys = await create_editor(work), [uuid4().hex for _ in range(8)]
    await work.connection.execute(
        text(f"ALTER TABLE titles ADD CONSTRAINT planted CHECK (external_id <> '{keys[5]}') NOT VALID")
    )
    written = await write(work, editor, *(title(key) for key in keys))
    assert told(written) == (7, 0, 0, [(6, RowCode.REFUSED)])
    assert "planted" in written.problems[0].message
    there = await store.lock_titles_of(work.connection, keys)
    assert sorted(there) == sorted(set(keys) - {keys[5]})


class Planted(Fact):
    """A fact of this test."""


async def test_facts_appended_together_are_numbered_like_single_ones(work: Work) -> None:
    topic = f"test:{uuid4().hex}"
    for many in (3, 1, 2):
        await append_facts(work.connection, topic, [Planted()] * many, at=work.now)
    facts = await read_facts(work.connection, topic, after=0)
    assert [fact.position.offset for fact in facts] == [1, 2, 3, 4, 5, 6]
    newest = await head(work.connection, topic)
    assert newest is not None
    assert newest.offset == 6
