"""One caption, its bounds, and what is left of the markup in it. Pure.

    Refusal
    └── SubtitlesUnreadable     which line, and what is wrong with it

Only text, italics, bold, underline and a few checked placement settings survive; everything else is dropped or
escaped, so a caption can never become markup in somebody's page.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from domain.kernel.refusals import Refusal

MAX_CUE_CHARACTERS = 2_000
MAX_TIME_MS = 100 * 3600 * 1000
# A caption that shows nothing; WebVTT has no empty one.
BLANK = "&nbsp;"
_TAG = re.compile(r"<(/?)([a-zA-Z]+)(?:[\s.][^<>]*)?>|<[\d:.]+>")
_KEPT_TAGS = frozenset({"i", "b", "u"})
_SETTING = re.compile(
    r"(?:line:(?:-?\d{1,3}|\d{1,3}(?:\.\d+)?%)(?:,(?:start|center|end))?"
    r"|position:\d{1,3}(?:\.\d+)?%(?:,(?:line-left|center|line-right))?"
    r"|size:\d{1,3}(?:\.\d+)?%|align:(?:start|center|end|left|right)|vertical:(?:rl|lr))"
)


class SubtitlesUnreadable(Refusal):
    """A subtitle file cannot be used. `line` counts from 1, None where no line is to blame."""

    def __init__(self, *, reason: str, line: int | None = None) -> None:
        place = f" (line {line})" if line is not None else ""
        super().__init__(f"The subtitles cannot be read: {reason}{place}. Correct the file and upload it again.")
        self.reason = reason
        self.line = line


@dataclass(frozen=True)
class Cue:
    """One caption: milliseconds from the start, a safe WebVTT payload, and checked settings or ""."""

    start_ms: int
    end_ms: int
    text: str
    settings: str = ""


def safe_text(written: str) -> str:
    """Turn caption text with loose markup into a payload of escaped text and balanced i, b and u tags."""
    parts: list[str] = []
    opened: list[str] = []
    position = 0
    for tag in _TAG.finditer(written):
        parts.append(_escaped(written[position : tag.start()]))
        position = tag.end()
        closing, name = tag.group(1), (tag.group(2) or "").lower()
        if name not in _KEPT_TAGS:
            continue
        if not closing:
            opened.append(name)
            parts.append(f"<{name}>")
        elif name in opened:
            while (inner := opened.pop()) != name:
                parts.append(f"</{inner}>")
            parts.append(f"</{name}>")
    parts.append(_escaped(written[position:]))
    parts += [f"</{name}>" for name in reversed(opened)]
    lines = (line.strip(" \t") for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def checked_cue(start_ms: int, end_ms: int, text: str, settings: str = "", *, line: int | None) -> Cue | None:
    """A cue within bounds, or None for one that would show nothing.

    Raises:
        SubtitlesUnreadable: when it ends before it starts, is out of range or too long.
    """
    if end_ms < start_ms:
        raise SubtitlesUnreadable(reason="a caption ends before it starts", line=line)
    if end_ms > MAX_TIME_MS:
        raise SubtitlesUnreadable(reason="a caption is later than 100 hours", line=line)
    if len(text) > MAX_CUE_CHARACTERS:
        raise SubtitlesUnreadable(reason=f"a caption is longer than {MAX_CUE_CHARACTERS} characters", line=line)
    shown = safe_text(text)
    if not shown or end_ms == start_ms:
        return None
    kept = " ".join(setting for setting in settings.split() if _SETTING.fullmatch(setting))
    return Cue(start_ms=start_ms, end_ms=end_ms, text=shown, settings=kept)


def _escaped(text: str) -> str:
    plain = html.unescape(text)
    visible = "".join(character for character in plain if character == "\n" or character >= " ")
    return html.escape(visible, quote=False)
