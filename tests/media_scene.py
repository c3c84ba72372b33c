"""A small studio for tests: an editor with complete uploads, and a look at what became of them."""

import os
import re
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.kernel.bus import Bus
from domain.kernel.crypto import Keyring
from domain.kernel.work import Database, Reads
from domain.media.assets import SubtitleUpload, create_asset, transcode_progress
from domain.media.object_store import ObjectStore
from domain.media.package import Package
from domain.media.packager import Scheme
from domain.media.packages import packages_of_assets
from domain.media.receiving import Piece, Receiver, receive
from domain.media.tools import MediaTools
from domain.media.upload import UploadState
from domain.media.uploads import create_upload
from domain.runtime import Runtime
from domain.settings import Settings
from tests.arrange import LIMITS, create_draft, create_editor

MASTER_KEY = "test:" + "QUFB" * 10 + "QUE="


@dataclass(frozen=True)
class Step:
    """One encoding step as its row says."""

    kind: str
    position: int
    state: str
    attempt: int
    fraction: float
    objects: Mapping[str, str] | None
    done_at: object

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.position}"

    @property
    def objects_attempt(self) -> int:
        """The attempt whose objects the step points to."""
        assert self.objects
        (attempt,) = {int(key.split("/")[-2]) for key in self.objects.values()}
        return attempt


@dataclass
class MediaScene:
    """An editor, a title, an object store on disk, and a database of its own."""

    database: Database
    bus: Bus
    folder: Path
    database_url: str
    viewer: Viewer
    title_id: UUID
    objects: ObjectStore
    tools: MediaTools

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that works on the same data."""
        return {
            "DATABASE_URL": self.database_url,
            "DATA_DIR": str(self.folder),
            "MEDIA_URL": (self.folder / "media").as_uri(),
            "MASTER_KEYS": MASTER_KEY,
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]),
        }

    def runtime(self) -> Runtime:
        """The parts of a worker in this process."""
        settings = Settings(data_dir=self.folder, database_url=self.database_url)
        return Runtime(
            settings=settings, database=self.database, bus=self.bus, objects=self.objects,
            keyring=Keyring.parse(MASTER_KEY), tools=self.tools, licences=None,  # type: ignore[arg-type]  # workers issue none
        )  # fmt: skip

    def reads(self) -> Reads:
        return self.runtime().reads()

    def film(self, *, seconds: float, size: str = "960x540", name: str = "film.mp4") -> Path:
        """A clip with picture and sound that takes real work to encode."""
        path = self.folder / name
        picture = f"testsrc2=size={size}:rate=25:duration={seconds},noise=alls=20:allf=t"
        self.ffmpeg(
            "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", f"sine=440:duration={seconds}",
            "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-c:a", "aac", path,
        )  # fmt: skip
        return path

    def ffmpeg(self, *arguments: str | Path) -> None:
        """Run ffmpeg on inputs of our own."""
        argv = ["nice", str(self.tools.ffmpeg), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
        done = subprocess.run(argv, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]

    async def upload(self, source: Path | bytes) -> UUID:
        """Return a complete upload of the editor's."""
        data = source if isinstance(source, bytes) else source.read_bytes()

        async def chunks() -> AsyncIterator[bytes]:
            yield data

        async with self.database.work(bus=self.bus) as work:
            upload = await create_upload(work, viewer=self.viewer, size_bytes=len(data), limits=LIMITS)
        receiver = Receiver(lambda: self.database.work(bus=self.bus), self.objects, LIMITS)
        piece = Piece(offset_bytes=0, chunks=chunks(), length_bytes=len(data))
        received = await receive(receiver, viewer=self.viewer, upload_id=upload.id, piece=piece)
        assert received.state is UploadState.COMPLETE
        return received.id

    async def create_asset(
        self,
        source: Path | bytes,
        *,
        subtitles: Sequence[SubtitleUpload] = (),
        schemes: Sequence[Scheme] = (Scheme.CENC,),
    ) -> UUID:
        """Upload a source and begin to make it into what the title plays."""
        upload_id = await self.upload(source)
        async with self.database.work(bus=self.bus) as work:
            asset = await create_asset(
                work, viewer=self.viewer, upload_id=upload_id, title_id=self.title_id, subtitles=subtitles,
                schemes=schemes,
            )  # fmt: skip
        return asset.id

    async def state_of(self, asset_id: UUID) -> str:
        progress = await transcode_progress(self.reads(), asset_id)
        assert progress is not None
        return progress.state.value

    async def is_settled(self, asset_id: UUID) -> bool:
        return await self.state_of(asset_id) in ("READY", "FAILED", "REJECTED", "CANCELLED")

    async def steps(self, asset_id: UUID) -> list[Step]:
        statement = "SELECT * FROM asset_steps WHERE asset_id = :id ORDER BY kind, position"
        async with self.database.read() as connection:
            rows = await connection.execute(text(statement), {"id": asset_id})
            return [
                Step(row.kind, row.position, row.state, row.attempt, row.fraction, _read_json(row.objects), row.done_at)
                for row in rows
            ]

    async def steps_counted_right(self, asset_id: UUID) -> bool:
        done = sum(step.state == "DONE" for step in await self.steps(asset_id))
        async with self.database.read() as connection:
            row = await connection.execute(text("SELECT steps_done FROM assets WHERE id = :id"), {"id": asset_id})
            return bool(row.scalar_one() == done)

    async def hold_back(self, dedupe_key: str, *, seconds: float) -> None:
        """Let a queued job be due in so many seconds."""
        statement = (
            "UPDATE pgqueuer SET execute_after = now() + make_interval(secs => :seconds)"
            " WHERE dedupe_key = :key AND status = 'queued' RETURNING id"
        )
        async with self.database.work(bus=self.bus) as work:
            held = await work.connection.execute(text(statement), {"key": dedupe_key, "seconds": seconds})
            assert len(held.all()) == 1

    async def count_packages(self, asset_id: UUID) -> int:
        async with self.database.read() as connection:
            row = await connection.execute(text("SELECT count(*) FROM packages WHERE asset_id = :id"), {"id": asset_id})
            return int(row.scalar_one())

    async def packages(self, asset_id: UUID) -> list[Package]:
        return (await packages_of_assets(self.reads(), [asset_id]))[0]

    async def scratch_roots(self) -> list[Path]:
        return sorted((self.folder / "scratch").glob("worker-*"))

    async def scratch_root_of(self, pid: int) -> Path:
        """The scratch root whose lock a process holds."""
        (mine,) = [root for root in await self.scratch_roots() if _is_open_in(pid, root / ".lock")]
        return mine

    async def keys(self, asset_id: UUID) -> dict[str, tuple[UUID, bytes]]:
        """The content keys of an asset by track class."""
        from domain.drm import keys_of_asset

        found = await keys_of_asset(self.reads(), keyring=Keyring.parse(MASTER_KEY), asset_id=asset_id)
        return {key.track_class.value: (key.kid, key.key) for key in found}

    async def assert_plays(self, asset_id: UUID, *, scheme: Scheme = Scheme.CENC) -> None:
        """Decrypt and decode every video and audio track of the package, and none of them without its key."""
        (package,) = [one for one in await self.packages(asset_id) if one.scheme is scheme]
        keys = dict((await self.keys(asset_id)).values())
        for track in package.tracks:
            if track.kid is None:
                continue
            path = self.folder / f"{uuid4().hex}.mp4"
            path.write_bytes(await self._joined(f"{package.object_prefix}{track.representation}/"))
            right = self.decoded_s(path, keys[track.kid])
            assert abs(right - package.duration_s) < 0.3, (track.representation, right)
            wrong = self.decoded_s(path, bytes(16))
            assert wrong < package.duration_s / 2, (track.representation, wrong)

    async def _joined(self, prefix: str) -> bytes:
        names = [name for name in await self.list_keys(prefix) if re.search(r"\.(mp4|m4s)$", name)]
        init = [name for name in names if "init" in name]
        return b"".join([await self.objects.get(name) for name in [*init, *sorted(set(names) - set(init))]])

    async def list_keys(self, prefix: str) -> list[str]:
        """Every object key below a prefix, in order."""
        return sorted(str(path.relative_to(self.media)) for path in (self.media / prefix).rglob("*") if path.is_file())

    @property
    def media(self) -> Path:
        return self.folder / "media"

    def decoded_s(self, path: Path, key: bytes) -> float:
        """How many seconds of a track really decode with a key."""
        argv = [
            str(self.tools.ffmpeg), "-v", "error", "-nostdin", "-xerror", "-decryption_key", key.hex(), "-i", str(path),
            "-f", "null", "-progress", "pipe:1", "-",
        ]  # fmt: skip
        done = subprocess.run(argv, capture_output=True, check=False)
        times = re.findall(rb"out_time_us=(\d+)", done.stdout)
        return int(times[-1]) / 1e6 if times and done.returncode == 0 else 0.0


def _read_json(value: object) -> Mapping[str, str] | None:
    import orjson

    return orjson.loads(value) if isinstance(value, str | bytes) else value  # type: ignore[return-value]


def _is_open_in(pid: int, path: Path) -> bool:
    return any(link.exists() and link.samefile(path) for link in Path(f"/proc/{pid}/fd").iterdir())


@pytest.fixture
async def media_scene(database: Database, bus: Bus, database_url: str, tmp_path: Path) -> MediaScene:
    """A studio on a database of its own."""
    async with database.work(bus=bus) as work:
        viewer = await create_editor(work)
        title_id = await create_draft(work, viewer=viewer)
    folder = tmp_path / "studio"
    (folder / "media").mkdir(parents=True)
    objects = ObjectStore.open((folder / "media").as_uri())
    return MediaScene(database, bus, folder, database_url, viewer, title_id, objects, MediaTools.find())
