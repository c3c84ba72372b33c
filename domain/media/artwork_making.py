"""Makes the files of a picture: runs `artwork_program` in the sandbox, and believes nothing it says without looking."""

import asyncio
import hashlib
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import PIL

from domain.media.artwork import (
    SOURCE_MAX_PIXELS,
    SOURCE_MAX_RATIO,
    SOURCE_MIN_SIDE_PIXELS,
    WIDTHS,
    ArtworkFailure,
    ArtworkKind,
    ImageFormat,
    Picture,
    Rendition,
)
from domain.media.room import DiskFull, is_without_room, says_full
from domain.media.sandbox import Confinement, Limits, ProcessTimedOut, run_confined

PROGRAM = Path(__file__).with_name("artwork_program.py")
# The largest picture takes 400 MB once decoded with alpha, and its upright copy as much again.
LIMITS = Limits(wall_s=120, cpu_s=120, memory_bytes=3 << 30, file_size_bytes=64 << 20)
_COLOR = re.compile(r"#[0-9a-f]{6}")
# 4 by 3 components: one digit of size, one of scale, four of average, two for each of the others.
_BLUR_HASH = re.compile(r"[0-9A-Za-z#$%*+,\-.:;=?@\[\]^_{|}~]{28}")


class PictureRefused(Exception):
    """Nothing can be made of the file."""

    def __init__(self, failure: ArtworkFailure) -> None:
        super().__init__(failure.value)
        self.failure = failure


@dataclass(frozen=True)
class MadePicture:
    """A picture and where its files are, by name."""

    picture: Picture
    files: Mapping[str, Path]


async def make_picture(source: Path, *, kind: ArtworkKind, folder: Path) -> MadePicture:
    """Re-encode a picture in all widths of its kind into an empty folder.

    Raises:
        PictureRefused: it is none of the formats we take, of a size or shape we do not take, or broken.
        DiskFull: there was no room for the copies.
        SandboxUnavailable: the machine offers none.
    """
    order = {
        "source": str(source),
        "folder": str(folder),
        "widths": WIDTHS[kind],
        "max_pixels": SOURCE_MAX_PIXELS,
        "min_side": SOURCE_MIN_SIDE_PIXELS,
        "max_ratio": SOURCE_MAX_RATIO,
    }
    confinement = Confinement(reads=(source, *_python_reads()), writes=(folder,), limits=LIMITS)
    try:
        finished = await run_confined([sys.executable, "-I", str(PROGRAM), json.dumps(order)], confinement)
    except ProcessTimedOut as late:
        raise PictureRefused(ArtworkFailure.TOO_LARGE) from late
    if finished.exit_code != 0:
        if says_full(finished.stderr_tail) or is_without_room(folder):
            raise DiskFull
        raise PictureRefused(ArtworkFailure.BROKEN)
    answer = json.loads(finished.stdout)
    if "refused" in answer:
        raise PictureRefused(ArtworkFailure(answer["refused"]))
    return await asyncio.to_thread(_checked, answer, folder)


def _python_reads() -> tuple[Path, ...]:
    """Return what an interpreter reads before it gets to the program: itself, its library, its packages."""
    return (Path(sys.prefix), Path(sys.base_prefix), Path(PIL.__file__).parent.parent, PROGRAM)


def _checked(answer: Mapping[str, object], folder: Path) -> MadePicture:
    color, blur_hash, files = str(answer["dominant_color"]), str(answer["blur_hash"]), answer["files"]
    assert _COLOR.fullmatch(color), color
    assert _BLUR_HASH.fullmatch(blur_hash), blur_hash
    assert isinstance(files, list)
    renditions, paths = [], {}
    for file in files:
        path = folder / Path(file["file"]).name
        format = ImageFormat(file["format"])
        data = path.read_bytes()
        name = f"{hashlib.sha256(data).hexdigest()}.{format.suffix}"
        renditions.append(Rendition(format, int(file["width"]), int(file["height"]), len(data), name))
        paths[name] = path
    picture = Picture(
        width=int(str(answer["width"])),
        height=int(str(answer["height"])),
        dominant_color=color,
        blur_hash=blur_hash,
        renditions=tuple(renditions),
    )
    return MadePicture(picture, paths)
