"""A film that is ready to play, its store, and the doors players, encryptors and posters come through."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text
from starlette.applications import Starlette

from domain.accounts import Viewer
from domain.catalog import grant_right, publish_title
from domain.drm import LicenceProvider, choose_provider
from domain.drm.store import KeyRow, insert_keys
from domain.entitlements import Plan, grant_access
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database
from domain.media.asset import package_root, poster_key, thumbnails_key
from domain.media.assets import assets_by_id, create_asset
from domain.media.object_store import ObjectStore
from domain.media.packager import Scheme
from domain.media.packages import BuiltPackage, Pictures, begin_packages, finish_packages, object_prefix_of
from domain.playback import PlaybackStarted, start_playback
from domain.runtime import Runtime
from domain.settings import Settings
from edge import play, posters, speke
from tests.arrange import complete_upload, create_draft, create_editor, create_viewer
from tests.conftest import ScratchDatabases, SettableClock
from tests.packaged_film import SEGMENT_S, THUMBNAILS, Film

PUBLIC_URL = "https://marquee.example"
PLAYER_ORIGIN = "https://tv.example"
SPEKE_TOKEN = "an-encryptors-token"
ADDRESS = "192.0.2.1"
# Every kind of address a player fetches, for a viewer who may have it.
EVERYTHING = (
    "manifest.mpd", "master.m3u8", "cbcs/manifest.mpd", "cenc/master.m3u8", "h264-360/index.m3u8",
    "h264-360/iframes.m3u8", "h264-360/init.mp4", "h264-360/1.m4s", "audio-0/init.mp4", "audio-1/2.m4s",
    "text-0/index.m3u8", "cbcs/h264-360/2.m4s", "thumbnails/thumbnails.vtt", "thumbnails/sprite-001.jpg",
)  # fmt: skip
JPEG = b"\xff\xd8\xff\xe0 a picture"


@dataclass(frozen=True)
class PlayScene:
    """The film as an asset of a published title, and an editor who made it."""

    runtime: Runtime
    clock: SettableClock
    film: Film
    editor: Viewer
    title_id: UUID
    asset_id: UUID
    prefixes: dict[Scheme, str]

    def client(self, *, address: str = ADDRESS, **changes: object) -> httpx.AsyncClient:
        """A player at an address, at doors whose caches are empty; `changes` are parts of the runtime."""
        app = Starlette(routes=[*play.routes, *posters.routes, *speke.routes])
        app.state.runtime = replace(self.runtime, **changes)  # type: ignore[arg-type]  # each test replaces parts it knows
        transport = httpx.ASGITransport(app, client=(address, 40000))
        return httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL)

    async def start(self, plan: Plan = Plan.PREMIUM, *, max_height: int | None = None) -> PlaybackStarted:
        """A new viewer with a plan starts the film."""
        async with self.runtime.work() as work:
            viewer = await create_viewer(work)
            await grant_access(work, account_id=viewer.account_id, plan=plan, source="test")
        return await self.start_as(viewer, max_height=max_height)

    async def start_as(self, viewer: Viewer, *, max_height: int | None = None) -> PlaybackStarted:
        """A viewer starts the film."""
        async with self.runtime.work() as work:
            return await start_playback(
                work, viewer=viewer, keyring=self.runtime.keyring, title_id=self.title_id, address=ADDRESS,
                idempotency_key=uuid4().hex, max_height=max_height,
            )  # fmt: skip

    def with_provider(self, provider: LicenceProvider) -> dict[str, object]:
        """The change of the runtime that has another provider issue the licences."""
        return {"licences": provider}


@pytest.fixture(scope="session")
async def play_scene(
    scratch_databases: ScratchDatabases, film: Film, keyring: Keyring, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PlayScene]:
    """The scene, shared by a session's tests: each starts sessions of its own."""
    url = await scratch_databases.create()
    clock = SettableClock()
    objects = ObjectStore.open((tmp_path_factory.mktemp("objects")).as_uri())
    database = Database.connect(url)
    async with Bus.open(url) as bus:
        settings = Settings(
            database_url=url, public_url=PUBLIC_URL, player_origins=(PLAYER_ORIGIN,), speke_token=SPEKE_TOKEN
        )
        licences = choose_provider(name="clearkey", public_url=PUBLIC_URL, keyring=keyring)
        runtime = Runtime(settings, database, bus, objects, keyring, film.tools, licences, clock)
        yield await _arranged(runtime, clock, film)
    await database.close()


async def _arranged(runtime: Runtime, clock: SettableClock, film: Film) -> PlayScene:
    async with runtime.work() as work:
        editor = await create_editor(work)
        title_id = await create_draft(work, viewer=editor)
        upload_id, _ = await complete_upload(work, viewer=editor, size_bytes=10)
        asset_id = (
            await create_asset(work, viewer=editor, upload_id=upload_id, title_id=title_id, schemes=tuple(Scheme))
        ).id
        opens_at = work.now - timedelta(days=1)
        await grant_right(work, viewer=editor, title_id=title_id, territory="*", opens_at=opens_at)
        await publish_title(work, viewer=editor, title_id=title_id, expected_version=1)
    prefixes = await _packaged(runtime, film, asset_id)
    await _store(runtime.objects, film, asset_id, prefixes)
    return PlayScene(runtime, clock, film, editor, title_id, asset_id, prefixes)


async def _packaged(runtime: Runtime, film: Film, asset_id: UUID) -> dict[Scheme, str]:
    """Skip the encoding: the packages are there already, and so are their keys."""
    async with runtime.work() as work:
        await work.connection.execute(
            text("UPDATE assets SET state = 'PACKAGING', plan = '{}', duration_s = 4 WHERE id = :id"), {"id": asset_id}
        )
    (asset,) = await assets_by_id(runtime.reads(), [asset_id])
    assert asset is not None
    async with runtime.work() as work:
        begun = await begin_packages(work, asset=asset)
        built = [BuiltPackage(id, film.packages[scheme].packaged, 1) for scheme, id in begun.items()]
        pictures = Pictures(poster_widths=(320, 640), has_thumbnails=True)
        await finish_packages(work, asset=asset, built=built, segment_s=SEGMENT_S, pictures=pictures)
        keys = film.packages[Scheme.CENC].keys
        rows = [
            KeyRow(UUID(bytes=key.kid), asset_id, one, True, _sealed(runtime.keyring, key.kid, key.key, asset_id))
            for one, key in keys.items()
        ]
        await insert_keys(work.connection, rows, now=work.now)
    return {scheme: object_prefix_of(asset_id, id) for scheme, id in begun.items()}


def _sealed(keyring: Keyring, kid: bytes, key: bytes, asset_id: UUID) -> bytes:
    return keyring.seal(key + bytes(16), context=b"content-key/" + kid + asset_id.bytes)


async def _store(objects: ObjectStore, film: Film, asset_id: UUID, prefixes: dict[Scheme, str]) -> None:
    for scheme, prefix in prefixes.items():
        one = film.packages[scheme]
        for name in one.packaged.files:
            await objects.put(prefix + name, (one.folder / name).read_bytes())
    await objects.put(thumbnails_key(asset_id), THUMBNAILS)
    await objects.put(thumbnails_key(asset_id, "sprite-001.jpg"), JPEG)
    for width in (320, 640):
        await objects.put(poster_key(asset_id, width), JPEG)
    # What lies next to the packages, and what lies next to the asset, must stay out of reach.
    await objects.put(f"{package_root(asset_id)}secret.m4s", b"secret")
    await objects.put("secret.m4s", b"secret")
