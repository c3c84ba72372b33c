"""Subtitles: SRT, WebVTT and TTML read strictly, WebVTT written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from domain.media.cues import Cue, SubtitlesUnreadable, checked_cue
from domain.media.ttml import read_ttml

# A season's worth of dialogue stays below one megabyte.
MAX_BYTES = 4 * 1024 * 1024
MAX_CUES = 20_000
_VTT_TIME = r"(?:(\d{2,4}):)?(\d{2}):(\d{2})\.(\d{3})"
_SRT_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[,.](\d{1,3})"
_TIMINGS = {
    "WebVTT": re.compile(rf"\s*{_VTT_TIME}[ \t]+-->[ \t]+{_VTT_TIME}(?:[ \t]+(.*))?"),
    "SRT": re.compile(rf"\s*{_SRT_TIME}\s*-->\s*{_SRT_TIME}(?:\s+(.*))?"),
}
_ASS_OVERRIDE = re.compile(r"\{\\[^{}]*\}")


def read_subtitles(data: bytes) -> tuple[Cue, ...]:
    """Read a subtitle file of any accepted format, told by its content; cues come back in order of time.

    Raises:
        SubtitlesUnreadable: for a file that is too large, not text, of no known format, or wrong in a line.
    """
    text = _decode(data)
    start = text.lstrip()
    if start.startswith("WEBVTT"):
        cues = list(_read_blocks(start.split("\n"), "WebVTT"))
    elif start.startswith(("<?xml", "<tt")):
        cues = list(read_ttml(start))
    else:
        cues = list(_read_blocks(text.split("\n"), "SRT"))
    if not cues:
        raise SubtitlesUnreadable(reason="there is no caption in it")
    if len(cues) > MAX_CUES:
        raise SubtitlesUnreadable(reason=f"it has more than {MAX_CUES} captions")
    return tuple(sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms)))


def write_webvtt(cues: Iterable[Cue]) -> str:
    """A WebVTT file of cues that were read by `read_subtitles`."""
    blocks = ["WEBVTT"]
    for cue in cues:
        timing = f"{_clock(cue.start_ms)} --> {_clock(cue.end_ms)} {cue.settings}".rstrip()
        blocks.append(f"{timing}\n{cue.text}")
    return "\n\n".join(blocks) + "\n"


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise SubtitlesUnreadable(reason=f"it is larger than {MAX_BYTES // 1024 // 1024} MB")
    text = _decoded(data).lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        raise SubtitlesUnreadable(reason="it is not text")
    return text


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as broken:
            raise SubtitlesUnreadable(reason="it is not valid UTF-16") from broken
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        # Old files come from Western Windows more often than from anywhere else; every byte has a meaning there.
        return data.decode("latin-1")


def _read_blocks(lines: Sequence[str], form: str) -> Iterable[Cue]:
    """SRT and WebVTT share their shape: a timing line, then text up to an empty line."""
    number = _skip_block(lines, 0) if form == "WebVTT" else 0
    seen = False
    while number < len(lines):
        line = lines[number]
        if form == "WebVTT" and line.startswith(("NOTE", "STYLE", "REGION")):
            number = _skip_block(lines, number)
        elif "-->" in line:
            end = _skip_block(lines, number + 1)
            cue = _timed_cue(line, lines[number + 1 : end], form, number + 1)
            seen = True
            if cue is not None:
                yield cue
            number = end
        elif line.strip() and not _introduces_cue(lines, number) and not seen:
            raise SubtitlesUnreadable(reason=f"this is no {form} caption", line=number + 1)
        else:
            number += 1


def _introduces_cue(lines: Sequence[str], number: int) -> bool:
    """Whether a line is the counter or name above a timing line."""
    return number + 1 < len(lines) and "-->" in lines[number + 1]


def _skip_block(lines: Sequence[str], number: int) -> int:
    while number < len(lines) and lines[number].strip():
        number += 1
    return number


def _timed_cue(timing: str, payload: Sequence[str], form: str, line: int) -> Cue | None:
    found = _TIMINGS[form].fullmatch(timing.rstrip())
    if found is None:
        raise SubtitlesUnreadable(reason=f"the times of this {form} caption are malformed", line=line)
    parts = found.groups()
    start_ms, end_ms = _milliseconds(parts[:4], line), _milliseconds(parts[4:8], line)
    text, settings = "\n".join(payload), parts[8] or ""
    if form == "SRT":
        # Subtitles at the top are marked as in ASS; coordinates after the times belong to no player.
        settings = "line:5%" if "{\\an8}" in text else ""
        text = _ASS_OVERRIDE.sub("", text)
    return checked_cue(start_ms, end_ms, text, settings, line=line)


def _milliseconds(parts: Sequence[str | None], line: int) -> int:
    hours, minutes, seconds = (int(part or 0) for part in parts[:3])
    if minutes > 59 or seconds > 59:
        raise SubtitlesUnreadable(reason="there are only 60 minutes and seconds", line=line)
    # In SRT "1,5" means half a second.
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((parts[3] or "0").ljust(3, "0"))


def _clock(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{thousandths:03d}"
