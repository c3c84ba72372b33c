"""A real four-second film, encrypted and packaged once per test session in both schemes, and a way to decrypt it."""

import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.media.asset import AssetId
from domain.media.ladder import Rung, TrackClass, VideoCodec
from domain.media.package import Package, PackageId
from domain.media.packager import (
    AudioInput,
    Packaged,
    PackagingKey,
    Scheme,
    TextInput,
    VideoInput,
    package,
)
from domain.media.packages import tracks_of
from domain.media.tools import MediaTools

SIZES = {"h264-1080": (1920, 1080), "h264-720": (1280, 720), "h264-360": (640, 360)}
RATE = 5
DURATION_S = 4.0
SEGMENT_S = 2.0
THUMBNAILS = b"""WEBVTT

00:00:00.000 --> 00:00:02.000
sprite-001.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
sprite-001.jpg#xywh=160,0,160,90
"""


@dataclass(frozen=True)
class FilmPackage:
    """One package of the film: its files, and the keys it was encrypted with."""

    folder: Path
    packaged: Packaged
    keys: Mapping[TrackClass, PackagingKey]
    package: Package

    async def fetch(self, key: str) -> bytes:
        """Read an object as a store would that keeps this package under its prefix."""
        if key.endswith("thumbnails/thumbnails.vtt"):
            return THUMBNAILS
        return (self.folder / key.removeprefix(self.package.object_prefix)).read_bytes()

    def kid(self, track_class: TrackClass) -> UUID:
        return UUID(bytes=self.keys[track_class].kid)


@dataclass(frozen=True)
class Film:
    """The film in both schemes."""

    tools: MediaTools
    sources: Mapping[str, Path]
    packages: Mapping[Scheme, FilmPackage]

    def decoded(self, data: bytes, folder: Path, key: bytes | None = None) -> list[str]:
        """Return the checksum of each decoded picture or sound frame; empty when nothing can be decoded."""
        path = folder / "decode.mp4"
        path.write_bytes(data)
        return self._checksums(path, ["-decryption_key", key.hex()] if key else [])

    def source_checksums(self, name: str) -> list[str]:
        """Return the same of a track before it was encrypted."""
        return self._checksums(self.sources[name], [])

    def _checksums(self, path: Path, options: list[str]) -> list[str]:
        argv = [str(self.tools.ffmpeg), "-v", "quiet", "-nostdin", *options, "-i", str(path), "-f", "framemd5", "-"]
        done = subprocess.run(argv, capture_output=True, check=False)
        lines = done.stdout.decode().splitlines()
        return [line.rsplit(",", 1)[1].strip() for line in lines if line and not line.startswith("#")]


@pytest.fixture(scope="session")
async def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """The packaged film."""
    folder = tmp_path_factory.mktemp("film")
    tools = MediaTools.find()
    sources = _make_sources(tools, folder)
    # As in the pipeline, both packages of a film share its keys.
    keys = {one: PackagingKey(uuid4().bytes, secrets.token_bytes(16)) for one in TrackClass}
    packages = {scheme: await _package(tools, sources, folder / scheme.value, scheme, keys) for scheme in Scheme}
    return Film(tools, sources, packages)


def _make_sources(tools: MediaTools, folder: Path) -> dict[str, Path]:
    def encode(name: str, *arguments: str) -> Path:
        path = folder / f"{name}.mp4"
        subprocess.run([str(tools.ffmpeg), "-v", "error", "-nostdin", *arguments, str(path)], check=True)
        return path

    x264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", str(2 * RATE), "-sc_threshold", "0")
    sources = {
        name: encode(
            name, "-f", "lavfi", "-i", f"testsrc2=s={w}x{h}:r={RATE}:d={DURATION_S}", *x264, "-pix_fmt", "yuv420p"
        )
        for name, (w, h) in SIZES.items()
    }
    for number, tone in enumerate((440, 880)):
        name = f"audio-{number}"
        sources[name] = encode(name, "-f", "lavfi", "-i", f"sine=f={tone}:d={DURATION_S}:r=48000", "-c:a", "aac")
    sources["text"] = folder / "text.vtt"
    sources["text"].write_text("WEBVTT\n\n00:00.500 --> 00:02.000\nHello\n\n00:02.500 --> 00:03.500\nWorld\n")
    return sources


async def _package(
    tools: MediaTools,
    sources: Mapping[str, Path],
    folder: Path,
    scheme: Scheme,
    keys: Mapping[TrackClass, PackagingKey],
) -> FilmPackage:
    folder.mkdir()
    packaged = await package(
        tools,
        videos=[
            VideoInput(sources[name], Rung(name, VideoCodec.H264, h, w, h, TrackClass.of_height(h), 23, 500, 800))
            for name, (w, h) in SIZES.items()
        ],
        audios=[
            AudioInput(sources["audio-0"], "audio-0", "en", "English", is_default=True),
            AudioInput(sources["audio-1"], "audio-1", "de", "Deutsch"),
        ],
        texts=[
            TextInput(sources["text"], "text-0", "en", "English"),
            TextInput(sources["text"], "text-1", "de", "Deutsch", is_sdh=True),
        ],
        keys=keys,
        scheme=scheme,
        segment_s=SEGMENT_S,
        duration_s=DURATION_S,
        folder=folder,
    )
    asset_id, package_id = AssetId(uuid4()), PackageId(uuid4())
    described = Package(
        id=package_id,
        asset_id=asset_id,
        scheme=scheme,
        object_prefix=f"packages/{asset_id}/{package_id}/",
        duration_s=packaged.duration_s,
        segment_s=SEGMENT_S,
        size_bytes=1,
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
        tracks=tuple(tracks_of(packaged)),
    )
    return FilmPackage(folder, packaged, keys, described)
