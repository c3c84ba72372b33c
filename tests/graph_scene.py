"""The whole application on loopback over a database of its own, and people who ask it things."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.applications import Starlette

from domain.accounts import Role, Viewer, create_account, sign_in
from domain.catalog import CATALOG_TOPIC, TitleChanged
from domain.drm import choose_provider
from domain.entitlements import Plan, grant_access
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database
from domain.media.asset import AssetId, AssetState
from domain.media.ladder import TrackClass
from domain.media.object_store import ObjectStore
from domain.media.package import PackageId, Track, TrackKind
from domain.media.packager import Scheme
from domain.media.store.packages import finish_package, insert_package
from domain.runtime import Runtime
from domain.settings import Environment, Settings
from edge.app import create_app
from edge.wires import HttpWire, SocketWire
from graph.global_ids import Kind, global_id
from tests.arrange import CONFIRMED, complete_upload, create_draft
from tests.conftest import ScratchDatabases
from tests.playable import Playable, create_playable

PUBLIC_URL = "http://marquee.example"
START_TIMEOUT_S = 10.0


@dataclass
class MovableClock:
    """Real time, ahead by what a test adds: cookies and sockets look at real clocks too."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass(frozen=True)
class Person:
    """Somebody signed in."""

    viewer: Viewer
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    @property
    def id(self) -> str:
        return global_id(Kind.VIEWER, self.viewer.account_id)


@dataclass
class GraphScene:
    """A running application."""

    runtime: Runtime
    clock: MovableClock
    app: Starlette
    url: str = ""
    client: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)

    async def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        by: Person | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send an operation by POST and return the whole answer."""
        response = await self.client.post(
            f"{self.url}/graphql",
            json={"query": query, "variables": dict(variables or {})},
            headers={**(by.headers if by else {}), **(headers or {})},
        )
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, query: str, variables: Mapping[str, Any] | None = None, *, by: Person | None = None) -> Any:
        """Send an operation that must succeed and return its data."""
        answer = await self.ask(query, variables, by=by)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def person(
        self, *roles: Role, plan: Plan | None = None, territory: str = "DE", language: str = "en"
    ) -> Person:
        """Sign a new person in."""
        async with self.runtime.work() as work:
            account = await create_account(
                work,
                email=f"{uuid4().hex}@example.com",
                display_name="Ada",
                territory=territory,
                roles=frozenset(roles),
                language=language,
            )
            if plan is not None:
                await grant_access(work, account_id=account.id, plan=plan, source="test")
            signed_in = await sign_in(work, account_id=account.id, device_name="Television", factors=CONFIRMED)
        return Person(signed_in.viewer, signed_in.token)

    async def again(self, person: Person) -> Person:
        """Sign the same person in on one more device."""
        async with self.runtime.work() as work:
            signed_in = await sign_in(work, account_id=person.viewer.account_id, device_name="Phone", factors=CONFIRMED)
        return Person(signed_in.viewer, signed_in.token)

    async def editor(self) -> Person:
        """Sign a new editor in."""
        return await self.person(Role.EDITOR)

    async def playable(self, **changes: Any) -> Playable:
        """Publish a title that plays, with posters, thumbnails and tracks."""
        async with self.runtime.work() as work:
            made = await create_playable(work, **changes)
            await work.connection.execute(
                text("UPDATE assets SET poster_widths = '{320,640,1280}', has_thumbnails = true WHERE id = :id"),
                {"id": made.asset_id},
            )
            await _insert_package(work.connection, made.asset_id, work.new_id())
        return made

    async def draft(self, editor: Person) -> UUID:
        """Make a title that is not published."""
        async with self.runtime.work() as work:
            return await create_draft(work, viewer=editor.viewer)

    async def upload(self, editor: Person) -> UUID:
        """Make an upload that has arrived."""
        async with self.runtime.work() as work:
            id, _ = await complete_upload(work, viewer=editor.viewer, size_bytes=1000)
        return id

    async def set_asset(self, asset_id: UUID, state: AssetState, **columns: Any) -> None:
        """Move an asset as a worker would, and ring its doorbell."""
        values = {"state": state.value, **columns}
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        async with self.runtime.work() as work:
            await work.connection.execute(
                text(f"UPDATE assets SET {assignments} WHERE id = :id"), {**values, "id": asset_id}
            )
            work.ring(f"asset:{asset_id}")
            title_id = await work.connection.scalar(
                text("SELECT title_id FROM assets WHERE id = :id"), {"id": asset_id}
            )
            await work.announce(CATALOG_TOPIC, TitleChanged(title_id))

    async def count(self, table: str) -> int:
        """Count the rows of a table."""
        async with self.runtime.database.read() as connection:
            found = (await connection.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
        return int(found)


@asynccontextmanager
async def serving(app: Starlette, *, port: int = 0) -> AsyncIterator[str]:
    """Serve an application on a port of loopback, 0 for a free one, as `marquee serve` does, and yield its address."""
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=port,
        log_config=None,
        lifespan="on",
        http=HttpWire,
        ws=SocketWire,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not server.started:
                assert not task.done(), task.result()
                await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@asynccontextmanager
async def open_scene(
    url: str, folder: Path, *, port: int = 0, bus_url: str | None = None, **changes: Any
) -> AsyncIterator[GraphScene]:
    """Serve everything over a database, with a bus of its own unless named; `changes` are settings."""
    database, clock = Database.connect(url), MovableClock()
    keyring = Keyring({"test": bytes(range(32))})
    settings = Settings(**{"data_dir": folder, "public_url": PUBLIC_URL, "database_url": url, **changes})
    async with Bus.open(bus_url or url) as bus:
        assert await bus.ready(START_TIMEOUT_S)
        runtime = Runtime(
            settings=settings,
            database=database,
            bus=bus,
            objects=ObjectStore.open((folder / "media").as_uri()),
            keyring=keyring,
            tools=None,  # type: ignore[arg-type]  # no door runs a program
            licences=choose_provider(name="clearkey", public_url=settings.public_url, keyring=keyring),
            clock=clock,
        )
        app = create_app(runtime)
        async with serving(app, port=port) as address, httpx.AsyncClient(timeout=10) as client:
            yield GraphScene(runtime, clock, app, address, client)
    await database.close()


@pytest.fixture(scope="module")
async def scene(
    scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[GraphScene]:
    """A running application for the tests of one file; each test brings people and titles of its own."""
    async with open_scene(await scratch_databases.create(), tmp_path_factory.mktemp("graph")) as opened:
        yield opened


@pytest.fixture
async def fresh_scene(database_url: str, tmp_path: Path) -> AsyncIterator[GraphScene]:
    """A running application over an empty database."""
    async with open_scene(database_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def production(database_url: str, tmp_path: Path) -> AsyncIterator[GraphScene]:
    """A running application as it is in production."""
    changes = {"environment": Environment.PRODUCTION, "demo": False}
    async with open_scene(database_url, tmp_path, **changes) as opened:
        yield opened


async def _insert_package(connection: AsyncConnection, asset_id: UUID, id: UUID) -> None:
    """Give an asset a finished package; its segments are another test's business."""
    await insert_package(
        connection, id=PackageId(id), asset_id=AssetId(asset_id), scheme=Scheme.CENC, object_prefix=f"packages/{id}/",
        now=datetime.now(UTC),
    )  # fmt: skip
    assert await finish_package(
        connection, PackageId(id), duration_s=600.0, segment_s=4.0, size_bytes=1000, tracks=TRACKS
    )


def _track(representation: str, kind: TrackKind, track_class: TrackClass | None, **known: Any) -> Track:
    empty = {"language": None, "codec": None, "bandwidth": None, "width": None, "height": None, "frame_rate": None}
    kid = None if track_class is None else UUID(int=list(TrackClass).index(track_class) + 1)
    return Track(representation=representation, kind=kind, track_class=track_class, kid=kid, **{**empty, **known})


TRACKS = [
    _track("v1080", TrackKind.VIDEO, TrackClass.HD, label="1080p", codec="avc1.640028", bandwidth=5_000_000,
           width=1920, height=1080, frame_rate=24.0),
    _track("v360", TrackKind.VIDEO, TrackClass.SD, label="360p", codec="avc1.64001e", bandwidth=800_000,
           width=640, height=360, frame_rate=24.0),
    _track("a-en", TrackKind.AUDIO, TrackClass.AUDIO, label="English", language="en", codec="mp4a.40.2"),
    _track("a-de", TrackKind.AUDIO, TrackClass.AUDIO, label="Deutsch", language="de", codec="mp4a.40.2"),
    _track("t-fr", TrackKind.TEXT, None, label="Français", language="fr"),
]  # fmt: skip
