"""A door for uploads on loopback, in front of a database and an object store of its own."""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import boto3
import httpx
import pytest
import uvicorn
from moto.server import ThreadedMotoServer
from starlette.applications import Starlette

from domain.accounts import Role, Viewer, create_account, sign_in
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database
from domain.media.object_store import ObjectStore
from domain.media.receiving import Receiver
from domain.media.upload import Upload, UploadLimits
from domain.media.uploads import uploads_by_id
from domain.runtime import Runtime
from domain.settings import Settings
from tests.conftest import SettableClock

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
        signed_in = await sign_in(work, account_id=account.id, device_name="Test")
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


@asynccontextmanager
async def open_scene(
    database: Database, bus: Bus, clock: SettableClock, objects: ObjectStore, folder: Path
) -> AsyncIterator[UploadScene]:
    """Open the door with two editors who may use it."""
    from edge.uploads import routes

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
    app = Starlette(routes=routes)
    app.state.runtime = runtime
    viewer, token = await editor(runtime, "Edda")
    other, other_token = await editor(runtime, "Otto")
    scene = UploadScene(runtime, clock, viewer, token, other, other_token)
    async with serving(app) as scene.url:
        yield scene


@pytest.fixture
async def upload_scene(
    database: Database, bus: Bus, clock: SettableClock, tmp_path: Path
) -> AsyncIterator[UploadScene]:
    """A door over a local folder."""
    objects = ObjectStore.open((tmp_path / "media").as_uri())
    async with open_scene(database, bus, clock, objects, tmp_path) as scene:
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
async def s3_scene(
    database: Database, bus: Bus, clock: SettableClock, tmp_path: Path, s3_url: str
) -> AsyncIterator[UploadScene]:
    """A door over S3."""
    async with open_scene(database, bus, clock, ObjectStore.open(s3_url), tmp_path) as scene:
        yield scene
