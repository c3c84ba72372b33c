"""The job that imports titles: reads a file as a stream and writes it batch by batch, from where the last one ended."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID

from domain.catalog.exporting import FileFormat
from domain.catalog.importing import (
    FileFault,
    FileUnusable,
    RowCode,
    RowProblem,
    RowUnusable,
    TitleRow,
    fields_of,
    read_header,
    read_row,
)
from domain.catalog.importing.records import CsvRecords, Fault, JsonRecords, Place, Record
from domain.kernel.job_handlers import Done, Handler, Outcome, RunningJob
from domain.kernel.work import Work
from domain.media import imports
from domain.media.object_store import ObjectMissing
from domain.media.title_import import TitleImport
from domain.runtime import Runtime

# A batch is one transaction, of about a tenth of a second; rows with very long texts make it a shorter one.
ROWS_AT_ONCE = 1_000
BATCH_MAX_BYTES = 4 << 20


def import_handlers(runtime: Runtime, *, rows_at_once: int = ROWS_AT_ONCE) -> list[Handler]:
    """Return the handler of imports."""

    async def run(job: RunningJob) -> Outcome:
        import_id = _import_id(job.payload)
        async with job.work() as work:
            found = await imports.running_import(work, import_id=import_id)
        if found is None:
            return Done()
        try:
            await _Run(runtime, job, found, rows_at_once).to_the_end()
        except imports.ImportMoved:
            # Called off, or another attempt is further.
            return Done()
        except (FileUnusable, ObjectMissing) as fault:
            kind, detail = (
                (fault.fault, fault.detail)
                if isinstance(fault, FileUnusable)
                else (FileFault.GONE, "The file is gone. Upload it again.")
            )
            async with job.work() as work:
                await imports.fail_import(work, import_id=import_id, fault=kind, detail=detail)
            return Done()
        async with job.work() as work:
            await imports.finish_import(work, import_id=import_id)
        return Done()

    return [Handler(imports.RUN, run, on_dead=_give_up)]


@dataclass
class _Batch:
    """Rows read since the last write, those that could not be read, and where the next batch begins."""

    place: Place
    rows: list[TitleRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    failed: int = 0
    size_bytes: int = 0

    def refuse(self, line: int, fault: Fault) -> None:
        """Leave a record out."""
        self.failed += 1
        self.problems.append(RowProblem(line, None, "", fault.code, fault.message))


class _Run:
    """One attempt at an import."""

    def __init__(self, runtime: Runtime, job: RunningJob, found: TitleImport, rows_at_once: int) -> None:
        self._runtime = runtime
        self._job = job
        self._import = found
        self._rows_at_once = rows_at_once
        self._columns = found.columns
        self._batch = _Batch(found.place)

    async def to_the_end(self) -> None:
        """Read and write what is left.

        Raises:
            FileUnusable, ObjectMissing, ImportMoved.
        """
        async with aclosing(self._records()) as records:
            async for record in records:
                self._take(record)
                self._batch.place = record.next
                self._batch.size_bytes += record.size_bytes
                count = len(self._batch.rows) + self._batch.failed
                if count >= self._rows_at_once or self._batch.size_bytes >= BATCH_MAX_BYTES:
                    await self._write()
        await self._write()
        if self._import.rows_read == 0:
            raise FileUnusable(FileFault.EMPTY, "There are no rows in this file.")

    async def _records(self) -> AsyncGenerator[Record, None]:
        found = self._import
        reader = (CsvRecords if found.format is FileFormat.CSV else JsonRecords)(found.place)
        if found.place.offset < found.size_bytes:
            async for chunk in self._runtime.objects.stream(found.object_key, found.place.offset):
                for record in reader.feed(chunk):
                    yield record
        for record in reader.finish():
            yield record

    def _take(self, record: Record) -> None:
        if isinstance(record.value, list) and self._columns is None:
            self._columns = tuple(read_header(record.value))
            return
        if record.fault is not None:
            if self._import.format is FileFormat.CSV and self._columns is None:
                is_text = record.fault.code is not RowCode.NOT_UTF8
                raise FileUnusable(FileFault.BAD_HEADER if is_text else FileFault.NOT_UTF8, record.fault.message)
            self._batch.refuse(record.line, record.fault)
            return
        value = record.value
        fields = fields_of(self._columns or (), value) if isinstance(value, list) else value or {}
        if isinstance(fields, Fault):
            self._batch.refuse(record.line, fields)
            return
        try:
            self._batch.rows.append(read_row(record.line, fields))
        except RowUnusable as unusable:
            self._batch.failed += 1
            self._batch.problems.extend(unusable.problems)

    async def _write(self) -> None:
        batch = self._batch
        if batch.place == self._import.place:
            return
        async with self._job.work() as work:
            self._import = await imports.write_batch(
                work,
                before=self._import,
                rows=batch.rows,
                problems=batch.problems,
                place=batch.place,
                columns=self._columns,
                failed=batch.failed,
            )
        self._batch = _Batch(batch.place)


async def _give_up(work: Work, payload: Mapping[str, object], reason: str) -> None:
    detail = "It failed several times. Import the file again: what is written already stays as it is."
    await imports.fail_import(work, import_id=_import_id(payload), fault=FileFault.GAVE_UP, detail=detail)


def _import_id(payload: Mapping[str, object]) -> UUID:
    return UUID(str(payload["import_id"]))
