"""A door for uploads on loopback, in front of a database and an object store of its own."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import boto3
import httpx
import orjson
import pytest
import uvicorn
from moto.server import ThreadedMotoServer
from sqlalchemy import text
from starlette.applications import Starlette

from domain.accounts import Role, Viewer, create_account, sign_in
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database
from domain.media.checksums import Checksum
from domain.media.object_store import ObjectStore
from domain.media.receiving import Piece, Receiver, receive
from domain.media.store.uploads import parts_of
from domain.media.upload import Upload, UploadLimits
from domain.media.uploads import SWEEP, create_upload, uploads_by_id
from domain.runtime import Runtime
from domain.settings import Settings
from edge.uploads import routes
from tests.arrange import CONFIRMED
from tests.conftest import ScratchDatabases, SettableClock
from workers.uploads import upload_handlers

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = TUS | {"Content-Type": "application/offset+octet-stream"}
MEBIBYTE = 1 << 20
MAX_SIZE_BYTES = 64 * MEBIBYTE


def bytes_of(count: int) -> bytes:
    """Bytes that differ from place to place, the same at every call."""
    block = b"".join(hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(4096))
    return (block * (count // len(block) + 1))[:count]


def encoded(value: str | bytes) -> str:
    """Base64, as tus writes metadata and digests."""
    return base64.b64encode(value.encode() if isinstance(value, str) else value).decode()


async def chunks_of(data: bytes, size: int = 64 << 10) -> AsyncIterator[bytes]:
    """Yield bytes in chunks, as a server does."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


@dataclass(frozen=True)
class _SweepJob:
    payload: Mapping[str, object]


@dataclass
class UploadScene:
    """Two editors, a runtime whose clock a test moves, and a running door."""

    runtime: Runtime
    clock: SettableClock
    viewer: Viewer
    token: str
    other: Viewer
    other_token: str
    url: str = ""

    @property
    def objects(self) -> ObjectStore:
        return self.runtime.objects

    @property
    def receiver(self) -> Receiver:
        return Receiver(self.runtime.work, self.objects, self.limits)

    @property
    def limits(self) -> UploadLimits:
        return UploadLimits.of(self.runtime.settings)

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        """A client that is signed in as the editor."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=30)

    async def create(self, size_bytes: int | None, *, is_partial: bool = False) -> Upload:
        """Announce an upload of the editor's."""
        async with self.runtime.work() as work:
            return await create_upload(
                work, viewer=self.viewer, size_bytes=size_bytes, limits=self.limits, is_partial=is_partial
            )

    async def send(self, id: UUID, offset: int, data: bytes, *, checksum: str | None = None) -> Upload:
        """Send bytes as one piece of known length."""
        parsed = None if checksum is None else Checksum.parse(checksum)
        piece = Piece(offset, chunks_of(data), length_bytes=len(data), checksum=parsed)
        return await receive(self.receiver, viewer=self.viewer, upload_id=id, piece=piece)

    async def send_chunks(self, id: UUID, offset: int, chunks: AsyncIterator[bytes]) -> Upload:
        """Send bytes as they come."""
        return await receive(self.receiver, viewer=self.viewer, upload_id=id, piece=Piece(offset, chunks))

    async def whole(self, data: bytes, *, is_partial: bool = False) -> Upload:
        """Return an upload that has arrived."""
        upload = await self.create(len(data), is_partial=is_partial)
        return await self.send(upload.id, 0, data)

    async def sweep(self, id: UUID) -> None:
        """Run the sweep that is on the queue for an upload."""
        async with self.runtime.database.read() as connection:
            queued = text("SELECT payload FROM pgqueuer WHERE entrypoint = :sweep AND dedupe_key = :key")
            rows = await connection.execute(queued, {"sweep": SWEEP, "key": f"upload:{id}:sweep"})
            (payload,) = rows.scalars()
        (handler,) = [one for one in upload_handlers(self.runtime) if one.entrypoint == SWEEP]
        await handler.perform(_SweepJob(orjson.loads(payload)))  # type: ignore[arg-type]  # it reads nothing else

    async def parts(self, id: UUID) -> list[tuple[int, int]]:
        """The parts of an upload as (first byte, size), in order."""
        async with self.runtime.database.read() as connection:
            (found,) = await parts_of(connection, [id])
        return [(part.start_byte, part.size_bytes) for part in found]

    async def upload(self, id: UUID) -> Upload:
        (found,) = await uploads_by_id(self.runtime.reads(), [id])
        assert found is not None
        return found

    async def content(self, id: UUID) -> bytes:
        """The bytes of a whole upload, from the object store."""
        key = (await self.upload(id)).object_key
        assert key is not None
        return await self.objects.get(key)

    async def keys(self, id: UUID) -> list[str]:
        """Every object an upload has, in order."""
        return sorted([head.key async for head in self.objects.list(f"uploads/{id}/")])


async def editor(runtime: Runtime, name: str) -> tuple[Viewer, str]:
    """Create an editor and sign it in."""
    async with runtime.work() as work:
        account = await create_account(
            work,
            email=f"{name}-{uuid4().hex[:8]}@studio.example",
            display_name=name,
            territory="DE",
            roles=frozenset({Role.EDITOR}),
        )
        signed_in = await sign_in(work, account_id=account.id, device_name="Test", factors=CONFIRMED)
    return signed_in.viewer, signed_in.token


@asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """Serve an application on a free port of loopback and yield its address."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


async def make_scene(database: Database, bus: Bus, objects: ObjectStore, folder: Path) -> UploadScene:
    """Sign two editors in at the first noon of 2030."""
    clock = SettableClock()
    runtime = Runtime(
        settings=Settings(data_dir=folder, upload_max_size_bytes=MAX_SIZE_BYTES),
        database=database,
        bus=bus,
        objects=objects,
        keyring=Keyring({"test": bytes(range(32))}),
        tools=None,  # type: ignore[arg-type]  # uploads run no programs
        licences=None,  # type: ignore[arg-type]  # and issue no licences
        clock=clock,
    )
    viewer, token = await editor(runtime, "Edda")
    other, other_token = await editor(runtime, "Otto")
    return UploadScene(runtime, clock, viewer, token, other, other_token)


@asynccontextmanager
async def open_door(scene: UploadScene) -> AsyncIterator[UploadScene]:
    """Serve the door for uploads in front of a scene."""
    app = Starlette(routes=routes)
    app.state.runtime = scene.runtime
    async with serving(app) as scene.url:
        yield scene


@pytest.fixture(scope="session")
async def upload_database(scratch_databases: ScratchDatabases) -> AsyncIterator[tuple[Database, Bus]]:
    """A database in which every test has editors of its own."""
    url = await scratch_databases.create()
    database = Database.connect(url)
    async with Bus.open(url) as bus:
        yield database, bus
    await database.close()


@pytest.fixture
async def upload_scene(upload_database: tuple[Database, Bus], tmp_path: Path) -> UploadScene:
    """Uploads into a local folder."""
    return await make_scene(*upload_database, ObjectStore.open((tmp_path / "media").as_uri()), tmp_path)


@pytest.fixture
async def upload_door(upload_scene: UploadScene) -> AsyncIterator[UploadScene]:
    """A running door, over a local folder."""
    async with open_door(upload_scene) as scene:
        yield scene


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a server that speaks S3, with credentials for it in the environment."""
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1"}
    before = {name: os.environ.get(name) for name in credentials}
    os.environ.update(credentials)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture
def s3_url(s3_server: str) -> str:
    """The address of an empty bucket, below a prefix."""
    bucket = f"media-{uuid4().hex[:12]}"
    client = boto3.client("s3", endpoint_url=s3_server, region_name="eu-central-1")
    client.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return f"s3://{bucket}/below?endpoint={s3_server}&region=eu-central-1"


@pytest.fixture
async def s3_door(upload_database: tuple[Database, Bus], tmp_path: Path, s3_url: str) -> AsyncIterator[UploadScene]:
    """A running door, over S3."""
    async with open_door(await make_scene(*upload_database, ObjectStore.open(s3_url), tmp_path)) as scene:
        yield scene
