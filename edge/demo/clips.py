"""Computes the source file of a demo title with ffmpeg: real picture and sound that belong to nobody."""

from pathlib import Path

from domain.media.sandbox import Confinement, Limits, ProcessTimedOut, run_confined
from domain.media.tools import MediaTools
from edge.demo.titles import DemoTitle
from edge.local.terminal import Bars

SOUND_RATE = 48_000
# Far more than a slow single core needs for a minute of 1080p.
LIMITS = Limits(wall_s=1800, cpu_s=3600, memory_bytes=8 << 30, file_size_bytes=1 << 30)


class ClipFailed(Exception):
    """ffmpeg could not make a clip. The message is one line for people."""


async def make_clip(tools: MediaTools, title: DemoTitle, path: Path, *, bars: Bars) -> None:
    """Write the title's source to `path`, whole or not at all.

    Raises:
        ClipFailed.
    """
    part = path.with_name(f"{path.name}.part")
    values: dict[str, str] = {}

    async def hear(line: str) -> None:
        name, _, value = line.partition("=")
        values[name] = value
        if name == "out_time_us" and value.isdecimal():
            fraction = int(value) / 1_000_000 / title.duration_s
            bars.move(title.name, fraction=min(1.0, fraction), note="drawing")

    try:
        finished = await run_confined(
            _command(tools, title, part), Confinement(reads=(), writes=(path.parent,), limits=LIMITS), on_line=hear
        )
    except ProcessTimedOut as late:
        raise ClipFailed(f"the demo clip {title.slug} took too long") from late
    if finished.exit_code != 0:
        reason = "the disk is full" if "No space left" in finished.stderr_tail else _last_line(finished.stderr_tail)
        raise ClipFailed(f"the demo clip {title.slug} could not be made: {reason}")
    part.rename(path)


def _command(tools: MediaTools, title: DemoTitle, path: Path) -> list[str]:
    flags = ["-nostdin", "-hide_banner", "-nostats", "-y", "-loglevel", "error", "-progress", "pipe:1"]
    picture = ["-f", "lavfi", "-i", title.picture]
    maps = ["-map", "0:v"]
    sounds: list[str] = []
    for number, (language, melody) in enumerate(title.sounds.items()):
        sounds += ["-f", "lavfi", "-i", f"aevalsrc='{melody.expression()}':s={SOUND_RATE}:c=stereo"]
        maps += ["-map", f"{number + 1}:a", f"-metadata:s:a:{number}", f"language={language}"]
    # The source only has to be good, not small: it is encoded again, and then deleted.
    codecs = ["-c:v", "libx264", "-preset", "superfast", "-crf", "22", "-pix_fmt", "yuv420p", "-g", "48"]
    codecs += ["-c:a", "aac", "-b:a", "128k", "-t", str(title.duration_s), "-f", "matroska"]
    return [str(tools.ffmpeg), *flags, *picture, *sounds, *maps, *codecs, f"file:{path}"]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "ffmpeg said nothing"
