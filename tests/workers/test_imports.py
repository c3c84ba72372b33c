"""From an upload to titles in the catalog: a real worker, files good and bad."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from domain.catalog.details import TagKind
from domain.catalog.exporting import FileFormat, export_titles
from domain.catalog.importing import FileFault, ImportMode, RowCode
from domain.catalog.tags import create_tag
from domain.kernel.facts import read_facts
from domain.kernel.job_handlers import RunningJob
from domain.kernel.paging import PageRequest
from domain.media.imports import cancel_import, import_titles, list_problems, report_of, visible_imports
from domain.media.title_import import ImportState, TitleImport
from tests.media_scene import MediaScene
from tests.workers.test_media import until, working
from workers.imports import import_handlers

CSV, JSON = FileFormat.CSV, FileFormat.JSON_LINES
HEADER = "external_id,kind,default_language,name:en,release_year"


@dataclass
class Desk:
    """An editor with files."""

    scene: MediaScene

    async def begin(self, data: bytes | str, format: FileFormat = CSV, mode: ImportMode = ImportMode.UPSERT) -> UUID:
        upload_id = await self.scene.upload(data if isinstance(data, bytes) else data.encode())
        async with self.scene.database.work(bus=self.scene.bus) as work:
            begun = await import_titles(
                work, viewer=self.scene.viewer, upload_id=upload_id, format=format, mode=mode,
                idempotency_key=f"key-{upload_id}",
            )  # fmt: skip
        return begun.id

    async def look(self, id: UUID) -> TitleImport:
        (found,) = await visible_imports(self.scene.reads(), [id], viewer=self.scene.viewer)
        assert found is not None
        return found

    async def settled(self, id: UUID) -> TitleImport:
        async def is_settled() -> bool:
            return (await self.look(id)).state is not ImportState.RUNNING

        await until(is_settled)
        return await self.look(id)

    async def run(
        self, data: bytes | str, format: FileFormat = CSV, mode: ImportMode = ImportMode.UPSERT
    ) -> TitleImport:
        """Import a file to its end."""
        id = await self.begin(data, format, mode)
        async with working(self.scene.runtime()):
            return await self.settled(id)

    async def problems(self, id: UUID) -> list[tuple[int, str, RowCode]]:
        page = await list_problems(self.scene.reads(), import_id=id, page=PageRequest.parse(first=100))
        return [(problem.line, problem.field, problem.code) for problem in page.items]

    async def export(self, format: FileFormat) -> bytes:
        pieces = await export_titles(self.scene.reads(), viewer=self.scene.viewer, format=format)
        return b"".join([piece async for piece in pieces])

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        async with self.scene.database.read() as connection:
            return [tuple(row) for row in await connection.execute(text(statement))]

    async def names(self) -> list[str]:
        rows = await self.rows(
            "SELECT x.name FROM titles t JOIN title_texts x ON x.title_id = t.id"
            " WHERE external_id IS NOT NULL ORDER BY external_id"
        )
        return [str(name) for (name,) in rows]


@pytest.fixture
def desk(media_scene: MediaScene) -> Desk:
    return Desk(media_scene)


def counts(done: TitleImport) -> tuple[ImportState, int, int, int, int]:
    return done.state, done.created, done.updated, done.unchanged, done.failed


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
async def test_a_wrong_row_in_the_middle_is_left_out_and_reported(desk: Desk, mark: bytes) -> None:
    rows = [HEADER, "a,MOVIE,en,Ada,1999", "b,MOVIE,en,Bad,1066", 'c,MOVIE,en,"Quoted ""C"",\nin two lines",', ""]
    done = await desk.run(mark + "\r\n".join(rows).encode())
    assert counts(done) == (ImportState.DONE, 2, 0, 0, 1)
    assert await desk.names() == ["Ada", 'Quoted "C",\nin two lines']
    assert await desk.problems(done.id) == [(3, "release_year", RowCode.INVALID)]
    pieces = await report_of(desk.scene.reads(), viewer=desk.scene.viewer, import_id=done.id)
    report = b"".join([piece async for piece in pieces]).decode().splitlines()
    assert report == [
        "line,external_id,field,code,message",
        "3,b,release_year,INVALID,Use a whole number from 1878 to 2200.",
    ]


async def test_an_import_repeated_changes_nothing_and_tells_nobody(desk: Desk) -> None:
    data = f"{HEADER}\na,MOVIE,en,Ada,1999\nb,MOVIE,en,Bo,\n"
    assert counts(await desk.run(data)) == (ImportState.DONE, 2, 0, 0, 0)
    before = await desk.rows("SELECT id, version FROM titles ORDER BY id")
    assert counts(await desk.run(data)) == (ImportState.DONE, 0, 0, 2, 0)
    assert await desk.rows("SELECT id, version FROM titles ORDER BY id") == before
    changed = await desk.run(data.replace("Bo", "Bob"))
    assert counts(changed) == (ImportState.DONE, 0, 1, 1, 0)
    async with desk.scene.database.read() as connection:
        facts = await read_facts(connection, "catalog", after=0)
    own = {str(id) for (id,) in await desk.rows("SELECT id FROM titles WHERE external_id IS NOT NULL")}
    assert [fact.kind for fact in facts if fact.body["title_id"] in own] == ["TitleChanged"] * 3
    by_others = "SELECT count(*) FROM editorial_log WHERE action = 'import_titles' AND account_id IS NULL"
    assert await desk.rows(by_others) == [(0,)]


SERIES = [
    {"external_id": "s", "kind": "SERIES", "default_language": "de", "state": "PUBLISHED", "original_language": "de",
     "texts": {"de": {"name": "Serie", "synopsis": "=1+1"}, "en": {"name": "'=Series"}},
     "genres": ["drama"], "tags": ["cosy", "award-winner"], "ratings": {"FSK": "12", "MPA": "PG-13"},
     "rights": [{"territory": "DE", "opens_at": "2026-01-01T00:00:00Z", "closes_at": "2027-01-01T00:00:00.5+00:00",
                 "device_classes": ["TV", "WEB"], "plans": ["a|b;c", "basic"]},
                {"territory": "*", "opens_at": "2026-01-01T01:00:00+01:00"}]},
    {"external_id": "s1", "kind": "SEASON", "default_language": "de", "parent": "s", "number": 1,
     "texts": {"de": {"name": "Staffel, 1"}}},
    {"external_id": "s1e1", "kind": "EPISODE", "default_language": "de", "parent": "s1", "number": 1,
     "release_year": 2030, "maturity_age": 6, "texts": {"de": {"name": "-Eins"}}},
    {"external_id": "s1e2", "kind": "EPISODE", "default_language": "de", "parent": "s1", "number": 2,
     "texts": {"de": {"name": "@Zwei"}}},
    {"external_id": "live", "kind": "LIVE_EVENT", "default_language": "zh-hant-tw",
     "starts_at": "2030-01-31T18:00:00Z",
     "texts": {"zh-Hant-TW": {"name": "\u65b0\u805e", "synopsis": "a\r\nb\u2028c"}}},
]  # fmt: skip


def json_lines(rows: list[dict[str, object]]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


async def tag(desk: Desk, *slugs: str, kind: TagKind) -> None:
    async with desk.scene.database.work(bus=desk.scene.bus) as work:
        for slug in slugs:
            await create_tag(work, viewer=desk.scene.viewer, kind=kind, slug=slug, language="en", name=slug)


@pytest.mark.parametrize("format", [CSV, JSON])
async def test_what_is_exported_is_imported_exactly(desk: Desk, format: FileFormat) -> None:
    await tag(desk, "drama", kind=TagKind.GENRE)
    await tag(desk, "cosy", "award-winner", kind=TagKind.TAG)
    assert counts(await desk.run(json_lines(SERIES), JSON)) == (ImportState.DONE, 5, 0, 0, 0)
    written = await desk.export(format)
    assert counts(await desk.run(written, format)) == (ImportState.DONE, 0, 0, 6, 0)
    async with desk.scene.database.work(bus=desk.scene.bus) as work:
        await work.connection.execute(text("DELETE FROM titles"))
    again = await desk.run(written, format)
    assert counts(again) == (ImportState.DONE, 6, 0, 0, 0)
    assert sorted((await desk.export(format)).splitlines()) == sorted(written.splitlines())


async def test_episodes_swap_their_numbers_in_one_file(desk: Desk) -> None:
    await tag(desk, "drama", kind=TagKind.GENRE)
    await tag(desk, "cosy", "award-winner", kind=TagKind.TAG)
    await desk.run(json_lines(SERIES), JSON)
    swapped = await desk.run("external_id,parent,number\ns1e1,s1,2\ns1e2,s1,1\n")
    assert counts(swapped) == (ImportState.DONE, 0, 2, 0, 0)
    taken = await desk.run("external_id,number\ns1e1,1\n")
    assert counts(taken) == (ImportState.DONE, 0, 0, 0, 1)
    assert await desk.problems(taken.id) == [(2, "number", RowCode.PLACE_TAKEN)]
    kept = await desk.rows("SELECT number FROM titles WHERE external_id LIKE 's1e_' ORDER BY external_id")
    assert kept == [(2,), (1,)]


WRONG = {
    b'{"external_id": "x"': RowCode.BAD_JSON,
    b"[1]": RowCode.BAD_JSON,
    b'{"external_id": "x", "kind": "MOVIE", "default_language": "en", "texts": {"en": {"name": "\\ud800"}}}':
        RowCode.BAD_JSON,
    b'{"external_id": "x", "kind": "MOVIE", "default_language": "en", "texts": {"en": {"name": "\\u0000"}}}':
        RowCode.NUL_CHARACTER,
    b'{"external_id": "\xff"}': RowCode.NOT_UTF8,
    b'{"external_id": "x", "colour": 1}': RowCode.UNKNOWN_FIELD,
    b'{"external_id": "x", "kind": "MOVIE", "default_language": "Klingon!"}': RowCode.INVALID,
    b'{"external_id": "x", "release_year": 1e400}': RowCode.BAD_JSON,
    b'{"external_id": "x", "release_year": 99999999999999999999999}': RowCode.INVALID,
    b'{"external_id": "x", "rights": [{"territory": "Germany", "opens_at": "2030-01-01T00:00:00Z"}]}': RowCode.INVALID,
    b'{"external_id": "x", "kind": "MOVIE", "default_language": "en"}': RowCode.REQUIRED,
    b'{"external_id": "x", "kind": "MOVIE", "default_language": "en", "name": "x"}': RowCode.UNKNOWN_FIELD,
    b'{"external_id": "a", "kind": "MOVIE"}': RowCode.DUPLICATE_KEY,
    b'{"external_id": "x", "kind": "EPISODE", "default_language": "en", "parent": "none", "number": 1,'
    b' "texts": {"en": {"name": "x"}}}': RowCode.UNKNOWN_PARENT,
    b'{"external_id": "x", "kind": "EPISODE", "default_language": "en", "parent": "a", "number": 1,'
    b' "texts": {"en": {"name": "x"}}}': RowCode.INVALID,
    b'{"external_id": "x", "kind": "MOVIE", "default_language": "en", "tags": ["none"],'
    b' "texts": {"en": {"name": "x"}}}': RowCode.UNKNOWN_TAG,
    b'{"external_id": "' + b"x" * (10 << 20) + b'"}': RowCode.ROW_TOO_LONG,
}  # fmt: skip


async def test_every_wrong_line_is_its_own_problem_and_never_its_neighbours(desk: Desk) -> None:
    lines, good = [], 0
    for wrong in WRONG:
        key = chr(ord("a") + good)
        lines += [b'{"external_id":"%s","kind":"MOVIE","default_language":"en","texts":{"en":{"name":"N"}}}'
                  % key.encode(), wrong.replace(b'"x"', b'"x%d"' % good)]  # fmt: skip
        good += 1
    done = await desk.run(b"\n".join(lines), JSON)
    assert counts(done) == (ImportState.DONE, good, 0, 0, len(WRONG))
    told = {line: code for line, _, code in await desk.problems(done.id)}
    assert told == {2 * n: code for n, code in enumerate(WRONG.values(), start=1)}
    assert len(await desk.names()) == good


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ('x,MOVIE,en,"a"b,1999', RowCode.BAD_QUOTING),
        ("x,MOVIE,en", RowCode.WRONG_CELL_COUNT),
        ("x,MOVIE,en,a\x00,1999", RowCode.NUL_CHARACTER),
        ("x,MOVIE,en,N,99999999999999999999999999", RowCode.INVALID),
        ("x,MOVIE,en,N,1e3", RowCode.INVALID),
        (f'x,MOVIE,en,"{"y" * (5 << 20)}\n",1999', RowCode.ROW_TOO_LONG),
        (f'x,MOVIE,en,"{"y,y" * (2 << 20)}",1999', RowCode.ROW_TOO_LONG),
        (",MOVIE,en,N,1999", RowCode.REQUIRED),
        ("x,movie,en,N,1999", RowCode.INVALID),
    ],
)
async def test_a_broken_row_of_cells_spoils_no_other(desk: Desk, wrong: str, code: RowCode) -> None:
    done = await desk.run(f"{HEADER}\na,MOVIE,en,Ada,1999\n{wrong}\nb,MOVIE,en,Bo,2000\n")
    assert counts(done) == (ImportState.DONE, 2, 0, 0, 1)
    assert [(line, found) for line, _, found in await desk.problems(done.id)] == [(3, code)]
    assert await desk.names() == ["Ada", "Bo"]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"\xef\xbb\xbf", FileFault.EMPTY),
        (b"\n\n", FileFault.EMPTY),
        (HEADER.encode(), FileFault.EMPTY),
        ("external_id,kind".encode("utf-16"), FileFault.NOT_UTF8),
        (b"external_id,colour\na,red\n", FileFault.UNKNOWN_COLUMN),
        (b"external_id,name:en,name:EN\na,b,c\n", FileFault.DUPLICATE_COLUMN),
        (b"kind,name:en\nMOVIE,b\n", FileFault.MISSING_COLUMN),
        (b'"external_id', FileFault.BAD_HEADER),
    ],
)
async def test_a_file_that_is_wrong_as_a_whole_fails_before_anything_is_written(
    desk: Desk, data: bytes, fault: FileFault
) -> None:
    done = await desk.run(data)
    assert (done.state, done.fault) == (ImportState.FAILED, fault)
    assert await desk.names() == []


async def test_modes_leave_out_what_they_may_not_do(desk: Desk) -> None:
    await desk.run(f"{HEADER}\na,MOVIE,en,Ada,1999\n")
    both = f"{HEADER}\na,MOVIE,en,Ann,1999\nb,MOVIE,en,Bo,2000\n"
    made = await desk.run(both, mode=ImportMode.CREATE)
    assert (counts(made), await desk.problems(made.id)) == (
        (ImportState.DONE, 1, 0, 0, 1), [(2, "external_id", RowCode.EXISTS)],
    )  # fmt: skip
    changed = await desk.run(both.replace("b,", "c,"), mode=ImportMode.UPDATE)
    assert (counts(changed), await desk.problems(changed.id)) == (
        (ImportState.DONE, 0, 1, 0, 1), [(3, "external_id", RowCode.ABSENT)],
    )  # fmt: skip
    assert await desk.names() == ["Ann", "Bo"]


class Killed(Exception):
    """Stands for the end of a worker."""


async def test_a_killed_import_goes_on_where_it_was_and_doubles_nothing(desk: Desk) -> None:
    rows = [f"{n:03},MOVIE,en,Title {n},1999" if n % 10 else f"{n:03},MOVIE,en,,1999" for n in range(95)]
    rows.append("001,MOVIE,en,Again,1999")
    id = await desk.begin("\n".join([HEADER, *rows]))
    (handler,) = import_handlers(desk.scene.runtime(), rows_at_once=10)
    written, batches = [], 0

    @asynccontextmanager
    async def dying() -> AsyncIterator[object]:
        nonlocal batches
        batches += 1
        if batches in (4, 9):
            raise Killed
        async with desk.scene.runtime().work() as work:
            yield work
            if batches == 6:
                raise Killed

    class Unfenced(RunningJob):
        def work(self):  # type: ignore[no-untyped-def, override]  # a job that nobody claims
            return dying()

    job = Unfenced(claim=_Claim({"import_id": str(id)}), open_work=dying)  # type: ignore[arg-type]  # never claimed
    while (await desk.look(id)).state is ImportState.RUNNING:
        try:
            await handler.perform(job)
        except Killed:
            written.append((await desk.look(id)).rows_read)
    assert written == [20, 20, 30]
    done = await desk.look(id)
    assert counts(done) == (ImportState.DONE, 85, 0, 0, 11)
    assert await desk.rows("SELECT count(*), max(version) FROM titles WHERE external_id IS NOT NULL") == [(85, 1)]
    assert len(await desk.problems(id)) == 11
    assert await desk.rows("SELECT count(*) FROM title_import_keys") == [(0,)]


@dataclass
class _Claim:
    payload: dict[str, str]


async def test_a_cancelled_import_keeps_what_it_wrote_and_writes_no_more(desk: Desk) -> None:
    id = await desk.begin(f"{HEADER}\na,MOVIE,en,Ada,1999\n")
    async with desk.scene.database.work(bus=desk.scene.bus) as work:
        cancelled = await cancel_import(work, viewer=desk.scene.viewer, import_id=id)
    assert cancelled.state is ImportState.CANCELLED
    assert await desk.rows("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'media.import_titles'") == [(0,)]
    (handler,) = import_handlers(desk.scene.runtime())

    class Unfenced(RunningJob):
        def work(self):  # type: ignore[no-untyped-def, override]  # a job that nobody claims
            return desk.scene.runtime().work()

    await handler.perform(Unfenced(claim=_Claim({"import_id": str(id)}), open_work=desk.scene.runtime().work))  # type: ignore[arg-type]  # never claimed
    assert await desk.names() == []


async def test_two_imports_of_the_same_file_make_each_title_once(desk: Desk) -> None:
    data = "\n".join([HEADER, *(f"{n},MOVIE,en,Title {n},1999" for n in range(500))])
    ids = [await desk.begin(data), await desk.begin(data)]
    async with working(desk.scene.runtime()):
        first, second = await asyncio.gather(*(desk.settled(id) for id in ids))
    assert (first.created + second.created, first.unchanged + second.unchanged) == (500, 500)
    assert (first.failed, second.failed) == (0, 0)
