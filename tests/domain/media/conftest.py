"""Tiny real sources, made by ffmpeg the first time a test wants one and kept for the session.

In most of them each frame carries its own number as a row of black and white blocks, so a test can say exactly which
source frame a finished stream shows at each instant.
"""

import subprocess
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from domain.media.complexity import ORDINARY
from domain.media.plan import EncodePlan, make_plan
from domain.media.probe import probe_source
from domain.media.tools import MediaTools
from tests.upload_scene import s3_server, s3_url, upload_database, upload_scene  # noqa: F401 - fixtures

BITS = 16
ROWS = 2
H264 = ("-c:v", "libx264", "-preset", "ultrafast")
X264 = ("-c:v", "libx264", "-preset", "superfast", "-bf", "3")
PCM = ("-c:a", "pcm_s16le")
HDR10 = ("-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc")


def numbered(width: int, height: int, rate: str) -> str:
    """A lavfi source whose frame n shows n in binary, lowest bit left."""
    bits = f"color=black:s={BITS}x{ROWS}:r={rate},format=gray,geq=lum='235*mod(floor(N/pow(2,X)),2)'"
    return f"{bits},scale={width}:{height}:flags=neighbor,setsar=1,format=yuv420p"


def noisy(width: int, height: int, rate: str) -> str:
    return f"testsrc2=s={width}x{height}:r={rate},noise=alls=60:allf=t"


@dataclass
class Clips:
    """Makes each clip once, by name; `read_…` look at what came out of an encode."""

    tools: MediaTools
    folder: Path
    made: dict[str, Path] = field(default_factory=dict)

    def make(self, name: str, *arguments: str | Path) -> Path:
        path = self.folder / name
        if name not in self.made:
            self.run(*arguments, path)
            self.made[name] = path
        return path

    def write(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def run(self, *arguments: str | Path) -> bytes:
        """Run ffmpeg outside the sandbox: these inputs are our own."""
        argv = ["nice", str(self.tools.ffmpeg), "-v", "error", "-nostdin", "-y", *map(str, arguments)]
        done = subprocess.run(argv, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return done.stdout

    def film(self) -> Path:
        """20 s of numbered frames at 25 a second with key frames 10 s apart, and a click at 3, 9 and 15 s."""
        clicks = "aevalsrc=exprs='0.8*between(mod(t-3,6),0,0.05)*sin(2*PI*1000*t)*gte(t,3)':s=48000"
        return self.make(
            "film.mkv", "-f", "lavfi", "-i", numbered(640, 360, "25"), "-f", "lavfi", "-i", clicks, "-t", "20",
            *X264, "-g", "250", *PCM,
        )  # fmt: skip

    def short(self) -> Path:
        """4 s in full HD at 30 frames a second with sound."""
        return self.make(
            "short.mp4", "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=30", "-f", "lavfi", "-i", "sine=440:r=48000",
            "-t", "4", *H264, "-c:a", "aac",
        )  # fmt: skip

    def bilingual(self) -> Path:
        """6 s with English and German sound and a German subtitle track."""
        text = self.write("bilingual.srt", b"1\n00:00:01,000 --> 00:00:02,000\nGuten <i>Tag</i>\n")
        tracks = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-map", "3:s")
        languages = (
            "-metadata:s:a:0",
            "language=eng",
            "-metadata:s:a:1",
            "language=ger",
            "-metadata:s:s:0",
            "language=ger",
        )
        return self.make(
            "bilingual.mkv", "-f", "lavfi", "-i", numbered(640, 360, "25"), "-f", "lavfi", "-i", "sine=300:r=44100",
            "-f", "lavfi", "-i", "sine=900:r=48000", "-i", text, *tracks, *languages, "-t", "6",
            *H264, "-c:a", "aac", "-c:s", "srt",
        )  # fmt: skip

    def picture(self, name: str, source: str, seconds: str, *options: str) -> Path:
        return self.make(name, "-f", "lavfi", "-i", source, "-t", seconds, *options)

    def read_frame_numbers(self, path: Path, *options: str) -> list[int]:
        """The number each decoded frame shows."""
        picture = f"scale={BITS}:{ROWS}:flags=area,format=gray"
        raw = self.run(*options, "-i", path, "-fps_mode", "passthrough", "-vf", picture, "-f", "rawvideo", "pipe:1")
        size = BITS * ROWS
        rows = [raw[start : start + BITS] for start in range(0, len(raw), size)]
        return [sum(1 << bit for bit in range(BITS) if row[bit] > 128) for row in rows]

    def read_samples(self, path: Path, *options: str) -> array:  # type: ignore[type-arg]  # array is not generic at run time in 3.11
        """The decoded sound as one channel of floats at 48 kHz."""
        raw = self.run(*options, "-i", path, "-map", "0:a:0", "-f", "f32le", "-ac", "1", "-ar", "48000", "pipe:1")
        return array("f", raw)

    def read_lowest_psnr(self, path: Path, reference: Path) -> float:
        """How alike the least alike frames are, in dB; infinite when all are the same."""
        argv = [self.tools.ffmpeg, "-v", "info", "-i", path, "-i", reference, "-lavfi", "psnr", "-f", "null", "-"]
        report = subprocess.run(argv, capture_output=True, check=True).stderr.decode()
        return float(report.rsplit("min:", 1)[1].split()[0])

    def read_packets(self, path: Path) -> list[tuple[int, int, bool]]:
        """(pts, duration, whether it is a key frame) of each video packet in order of time."""
        shown = ("-select_streams", "v", "-show_entries", "packet=pts,duration,flags", "-of", "csv=p=0")
        argv = [str(self.tools.ffprobe), "-v", "error", *shown, str(path)]
        text = subprocess.run(argv, capture_output=True, check=True).stdout.decode()
        rows = [line.split(",") for line in text.split()]
        return sorted((int(pts), int(duration), flags.startswith("K")) for pts, duration, flags, *_ in rows)


@pytest.fixture(scope="session")
def tools() -> MediaTools:
    return MediaTools.find()


@pytest.fixture(scope="session")
def clips(tools: MediaTools, tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return Clips(tools=tools, folder=tmp_path_factory.mktemp("clips"))


@pytest.fixture
def plan_of(tools: MediaTools) -> Callable[..., object]:
    """Probe a clip and plan it as ordinary content."""

    async def plan(path: Path, **options: object) -> EncodePlan:
        return make_plan(await probe_source(tools, path), ORDINARY, **options)  # type: ignore[arg-type]  # the options of make_plan, passed through

    return plan
