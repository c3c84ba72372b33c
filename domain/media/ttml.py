"""Reads TTML (W3C Timed Text Markup Language 2): the text, its times, italics, bold and underline.

XML of a stranger: no document type, no entities, no network, no huge trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from lxml import etree

from domain.media.cues import Cue, SubtitlesUnreadable, checked_cue

_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_PARAMETERS = "{http://www.w3.org/ns/ttml#parameter}"
_STYLING = "{http://www.w3.org/ns/ttml#styling}"
_CLOCK = re.compile(r"(\d{2,}):(\d{2}):(\d{2})(?:\.(\d{1,9})|:(\d{1,3}))?")
_OFFSET = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(h|m|s|ms|f|t)")
_WHOLE = re.compile(r"[0-9]{1,9}")
_SPACES = re.compile(r"[ \t\n]+")
_MARKS = (
    ("fontStyle", {"italic", "oblique"}, "i"),
    ("fontWeight", {"bold"}, "b"),
    ("textDecoration", {"underline"}, "u"),
)
DEFAULT_FRAME_RATE = 30
MAX_DEPTH = 32


@dataclass(frozen=True)
class _Timing:
    """How frames and ticks of this document count."""

    frame_rate: Fraction
    tick_rate: Fraction


@dataclass(frozen=True)
class _Span:
    """When an element is on screen, in seconds; `end` is None where nothing bounds it."""

    begin: Fraction
    end: Fraction | None


def read_ttml(text: str) -> Iterator[Cue]:
    """The captions of a TTML document.

    Raises:
        SubtitlesUnreadable: for broken XML, a document type, a document that is no TTML, malformed times.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SubtitlesUnreadable(reason="document types and entities are not accepted")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(_DECLARATION.sub("", text, count=1).encode("utf-8"), parser)
    except etree.XMLSyntaxError as broken:
        raise SubtitlesUnreadable(reason="the XML is not well formed", line=broken.lineno) from broken
    if _name(root) != "tt":
        raise SubtitlesUnreadable(reason="the document is XML, but not TTML")
    body = next((child for child in root if _name(child) == "body"), None)
    if body is not None:
        yield from _cues(body, _Span(Fraction(0), None), _timing(root), depth=0)


def _timing(root: etree._Element) -> _Timing:
    rate = Fraction(_whole(root.get(f"{_PARAMETERS}frameRate"), DEFAULT_FRAME_RATE))
    above, _, below = (root.get(f"{_PARAMETERS}frameRateMultiplier") or "1 1").partition(" ")
    frame_rate = rate * Fraction(_whole(above, 1), _whole(below, 1))
    ticks = root.get(f"{_PARAMETERS}tickRate")
    return _Timing(frame_rate=frame_rate, tick_rate=Fraction(_whole(ticks, 1)) if ticks else frame_rate)


def _whole(written: str | None, otherwise: int) -> int:
    if written is None or not _WHOLE.fullmatch(written):
        return otherwise
    return int(written) or otherwise


def _cues(element: etree._Element, parent: _Span, timing: _Timing, *, depth: int) -> Iterator[Cue]:
    if depth > MAX_DEPTH:
        raise SubtitlesUnreadable(reason="elements are nested too deeply", line=_line(element))
    span = _span(element, parent, timing)
    timed_below = any(child.get("begin") for child in element)
    if _name(element) in {"p", "span"} and not timed_below:
        cue = _cue(element, span)
        if cue is not None:
            yield cue
        return
    for child in element:
        if _name(child) in {"div", "p", "span"}:
            yield from _cues(child, span, timing, depth=depth + 1)


def _cue(element: etree._Element, span: _Span) -> Cue | None:
    if span.end is None:
        return None  # Text that never leaves is no caption.
    return checked_cue(round(span.begin * 1000), round(span.end * 1000), _text(element, depth=0), line=_line(element))


def _span(element: etree._Element, parent: _Span, timing: _Timing) -> _Span:
    line = _line(element)
    begin = parent.begin + _seconds(element.get("begin") or "0s", timing, line)
    ends = [parent.end] if parent.end is not None else []
    if (written := element.get("end")) is not None:
        ends.append(parent.begin + _seconds(written, timing, line))
    if (written := element.get("dur")) is not None:
        ends.append(begin + _seconds(written, timing, line))
    return _Span(begin=begin, end=min(ends) if ends else None)


def _seconds(written: str, timing: _Timing, line: int | None) -> Fraction:
    if clock := _CLOCK.fullmatch(written.strip()):
        hours, minutes, seconds, fraction, frames = clock.groups()
        whole = Fraction(int(hours) * 3600 + int(minutes) * 60 + int(seconds))
        return whole + Fraction(f"0.{fraction or 0}") + Fraction(int(frames or 0)) / timing.frame_rate
    if offset := _OFFSET.fullmatch(written.strip()):
        units = {
            "h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000),
            "f": 1 / timing.frame_rate, "t": 1 / timing.tick_rate,
        }  # fmt: skip
        return Fraction(offset.group(1)) * units[offset.group(2)]
    raise SubtitlesUnreadable(reason="a time is malformed", line=line)


def _text(element: etree._Element, *, depth: int) -> str:
    """The text below an element with our own three tags; what looks like markup in the text is escaped first."""
    if depth > MAX_DEPTH:
        raise SubtitlesUnreadable(reason="elements are nested too deeply", line=_line(element))
    parts = [_literal(element.text)]
    for child in element:
        if _name(child) == "br":
            parts.append("\n")
        elif _name(child) == "span":
            parts.append(_text(child, depth=depth + 1))
        parts.append(_literal(child.tail))
    inner = "".join(parts)
    for attribute, values, tag in _MARKS:
        if element.get(f"{_STYLING}{attribute}") in values:
            inner = f"<{tag}>{inner}</{tag}>"
    return inner


def _literal(text: str | None) -> str:
    collapsed = _SPACES.sub(" ", text or "")
    return collapsed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _name(element: etree._Element) -> str:
    # Comments and processing instructions have no name.
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _line(element: etree._Element) -> int | None:
    line: object = element.sourceline
    return line if isinstance(line, int) else None
