"""Law `imports`: titles a second from a CSV file into the catalog, against a bare COPY of the same rows.

The import is the whole path: a worker's job, every row checked, facts announced, the log of editorial work written. The
COPY goes into tables with the same columns and indexes, and does nothing else.
"""

import asyncio
import io
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import psutil

from bench.catalog_data import fill_catalog
from bench.harness import Target, conclude, print_machine
from domain.accounts import Factor, Role, create_account, sign_in
from domain.catalog.exporting import FileFormat, export_titles
from domain.catalog.importing import ImportMode
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.ids import new_id
from domain.kernel.work import Database
from domain.media.imports import import_titles, visible_imports
from domain.media.object_store import ObjectStore
from domain.media.title_import import ImportState, TitleImport
from domain.media.tools import MediaTools
from domain.runtime import Runtime
from domain.settings import Settings
from edge.local.postgres import LocalPostgres
from migrations import upgrade
from workers.run import run_worker

ROWS = 100_000
# "In minutes", on two cores that also run the database.
ROWS_PER_S_LEAST = 800.0
MEMORY_GROWTH_MAX_MIB = 64.0
SYNOPSIS = "A short text about what happens in it, as long as they usually are. " * 4
HEADER = (
    "external_id,kind,state,default_language,release_year,maturity_age,name:en,synopsis:en,name:de,synopsis:de,rights"
)
RIGHTS = '"[{""territory"":""*"",""opens_at"":""2026-01-01T00:00:00Z""}]"'


def file_of(count: int) -> bytes:
    lines = [HEADER]
    lines += [
        f'film-{n},MOVIE,PUBLISHED,en,{1950 + n % 75},12,Title {n},"{SYNOPSIS}",Titel {n},"{SYNOPSIS}",{RIGHTS}'
        for n in range(count)
    ]
    return "\n".join(lines).encode()


async def copy_s(url: str, count: int) -> float:
    """Return how long a COPY of the same rows takes, in seconds."""
    connection = await asyncpg.connect(url)
    try:
        for table in ("titles", "title_texts", "title_rights"):
            await connection.execute(f"CREATE TABLE copied_{table} (LIKE {table} INCLUDING ALL)")
        owner, ids = uuid4(), [new_id() for _ in range(count)]
        now = "2026-01-01T00:00:00Z"
        titles = "".join(
            f"{id},film-{n},MOVIE,PUBLISHED,en,{1950 + n % 75},12,1,{owner},{now},{now}\n" for n, id in enumerate(ids)
        )
        texts = "".join(
            f'{id},{language},Title {n},"{SYNOPSIS}"\n' for n, id in enumerate(ids) for language in ("en", "de")
        )
        rights = "".join(f"{new_id()},{id},*,{now}\n" for id in ids)
        began = time.perf_counter()
        async with connection.transaction():
            for table, data, columns in (
                ("titles", titles, "id external_id kind state default_language release_year maturity_age version"
                                   " created_by created_at published_at"),
                ("title_texts", texts, "title_id language name synopsis"),
                ("title_rights", rights, "id title_id territory opens_at"),
            ):  # fmt: skip
                await connection.copy_to_table(
                    f"copied_{table}", source=io.BytesIO(data.encode()), columns=columns.split(), format="csv"
                )
        return time.perf_counter() - began
    finally:
        await connection.close()


class Desk:
    """An editor, and a worker in this process."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.peak_mib = 0.0

    async def open(self) -> None:
        async with self.runtime.work() as work:
            account = await create_account(
                work, email="import@example.com", display_name="E", territory="DE", roles=frozenset({Role.EDITOR})
            )
            self.viewer = (
                await sign_in(work, account_id=account.id, device_name="Bench", factors=frozenset({Factor.MULTIPLE}))
            ).viewer

    async def begin(self, data: bytes) -> UUID:
        key, upload_id = f"uploads/{uuid4()}/source", new_id()
        await self.runtime.objects.put(key, data)
        async with self.runtime.work() as work:
            await work.connection.exec_driver_sql(
                "INSERT INTO uploads (id, account_id, state, size_bytes, offset_bytes, file_name, media_type, metadata,"
                " is_partial, object_key, created_at) VALUES ($1, $2, 'COMPLETE', $3, $3, 'f.csv', 'text/csv', '',"
                " false, $4, now())",
                (upload_id, self.viewer.account_id, len(data), key),
            )
            begun = await import_titles(
                work, viewer=self.viewer, upload_id=upload_id, format=FileFormat.CSV, mode=ImportMode.UPSERT,
                idempotency_key=str(upload_id),
            )  # fmt: skip
        return begun.id

    async def settled(self, id: UUID) -> tuple[TitleImport, float]:
        """Return the ended import, and how long it took in seconds; watches the memory meanwhile."""
        began, process = time.perf_counter(), psutil.Process()
        while True:
            (found,) = await visible_imports(self.runtime.reads(), [id], viewer=self.viewer)
            assert found is not None
            if found.state is not ImportState.RUNNING:
                return found, time.perf_counter() - began
            self.peak_mib = max(self.peak_mib, process.memory_info().rss / 1024**2)
            await asyncio.sleep(0.1)

    async def run(self, data: bytes) -> tuple[TitleImport, float]:
        stop = asyncio.Event()
        id = await self.begin(data)
        worker = asyncio.create_task(run_worker(self.runtime, concurrency=1, stop=stop))
        try:
            return await self.settled(id)
        finally:
            stop.set()
            await worker

    async def export_s(self) -> float:
        began = time.perf_counter()
        pieces: AsyncIterator[bytes] = await export_titles(
            self.runtime.reads(), viewer=self.viewer, format=FileFormat.CSV
        )
        size = 0
        async for piece in pieces:
            size += len(piece)
        print(f"exported {size / 1024**2:.0f} MiB")
        return time.perf_counter() - began


async def measure(count: int = ROWS) -> None:
    with tempfile.TemporaryDirectory(prefix="marquee-bench-") as name:
        folder = Path(name)
        postgres = LocalPostgres.start(folder / "postgres")
        try:
            await upgrade(postgres.url)
            await fill_catalog(postgres.url, 1_000)
            bare_s = await copy_s(postgres.url, count)
            database = Database.connect(postgres.url)
            async with Bus.open(postgres.url) as bus:
                runtime = Runtime(
                    settings=Settings(data_dir=folder, database_url=postgres.url), database=database, bus=bus,
                    objects=ObjectStore.open((folder / "media").as_uri()), keyring=Keyring({"b": bytes(32)}),
                    tools=MediaTools.find(), licences=None,  # type: ignore[arg-type]  # nothing is played
                )  # fmt: skip
                desk = Desk(runtime)
                await desk.open()
                data = file_of(count)
                await desk.run(file_of(2_000))
                start_mib = psutil.Process().memory_info().rss / 1024**2
                done, import_s = await desk.run(data)
                again, again_s = await desk.run(data)
                exported_s = await desk.export_s()
            await database.close()
        finally:
            postgres.stop()
    assert (done.state, done.failed) == (ImportState.DONE, 0), done
    assert (again.created, again.updated, again.unchanged) == (0, 0, count), again
    print(f"COPY {count / bare_s:.0f} rows/s; import {import_s:.1f} s; repeated {again_s:.1f} s")
    conclude(
        "imports",
        [
            Target("rows_per_s", count / import_s, least=ROWS_PER_S_LEAST),
            Target("of_copy", bare_s / import_s, least=0.03),
            Target("repeated_rows_per_s", count / again_s, least=ROWS_PER_S_LEAST),
            Target("exported_rows_per_s", count / exported_s, least=ROWS_PER_S_LEAST),
            Target("memory_growth_mib", desk.peak_mib - start_mib, most=MEMORY_GROWTH_MAX_MIB),
        ],
    )


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
