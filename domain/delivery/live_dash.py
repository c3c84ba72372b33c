"""The DASH manifest of a channel, made from the one that a viewer gets of the package on demand. Pure.

Each pass of the package is a period, so its segments keep their own times. Sources: ISO/IEC 23009-1 (dynamic
manifests, §5.10 events), DASH-IF IOP part 5 (live services, UTC timing).
"""

import copy
from collections.abc import Sequence
from datetime import datetime, timedelta

from lxml import etree

from domain.delivery.dash import ManifestUnreadable
from domain.delivery.programme import Mark, Programme, Sent, instant, sent_in_pass, sent_passes

MARK_SCHEME = "urn:marquee:moment:2026"
# Half a segment: whoever asks so often has a segment soon after it was sent.
UPDATE_EVERY_S = 2.0
# How far behind the newest segment players begin.
DELAY_S = 10.0

_MPD = "{urn:mpeg:dash:schema:mpd:2011}"
_DIRECT_TIME = "urn:mpeg:dash:utc:direct:2014"
_MILLISECONDS = 1000

Timeline = list[tuple[int, int]]


def live_manifest(mpd: bytes, *, programme: Programme, now: datetime, marks: Sequence[Mark]) -> bytes:
    """Return the manifest of what can be played now, with the marks of the show as events.

    `mpd` is the package's on demand, with its keys. Raises:
        ManifestUnreadable: it is not what the packager writes.
    """
    root = etree.fromstring(mpd, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    stored = root.find(f"{_MPD}Period")
    if stored is None:
        raise ManifestUnreadable("no period")
    root.remove(stored)
    _set_times(root, programme, now)
    passes = [(number, _period(stored, number, programme, now)) for number in sent_passes(programme, now)]
    sent = [(number, period) for number, period in passes if period is not None]
    for number, period in sent:
        _add_events(period, number, programme, marks, is_last=number == sent[-1][0])
        root.append(period)
    etree.SubElement(root, f"{_MPD}UTCTiming", {"schemeIdUri": _DIRECT_TIME, "value": instant(now)})
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _set_times(root: etree._Element, programme: Programme, now: datetime) -> None:
    if "mediaPresentationDuration" in root.attrib:
        del root.attrib["mediaPresentationDuration"]
    root.set("type", "dynamic")
    root.set("availabilityStartTime", instant(programme.origin))
    root.set("publishTime", instant(now))
    begin_s, end_s = programme.window(now)
    root.set("timeShiftBufferDepth", _seconds(max(end_s - begin_s, DELAY_S)))
    root.set("suggestedPresentationDelay", _seconds(DELAY_S))
    if programme.is_over(now):
        root.set("mediaPresentationDuration", _seconds(end_s))
    else:
        root.set("minimumUpdatePeriod", _seconds(UPDATE_EVERY_S))


def _period(stored: etree._Element, number: int, programme: Programme, now: datetime) -> etree._Element | None:
    """Return a pass as far as it can be played; None when that is not yet a segment of every track."""
    period = copy.deepcopy(stored)
    period.set("id", f"pass-{number}")
    period.set("start", _seconds(number * programme.pass_s))
    if "duration" in period.attrib:
        del period.attrib["duration"]
    for template in period.iter(f"{_MPD}SegmentTemplate"):
        timescale = int(template.get("timescale", "1"))
        timeline = _timeline(template)
        durations = [duration / timescale for _, duration in timeline]
        sent = list(sent_in_pass(durations, programme, now, number))
        if not sent:
            return None
        _cut(template, timeline, sent)
    return period


def _timeline(template: etree._Element) -> Timeline:
    """Return the time and duration of each segment, in units of the template's time scale."""
    written = template.find(f"{_MPD}SegmentTimeline")
    if written is None:
        raise ManifestUnreadable("a template without a timeline")
    segments: Timeline = []
    at = 0
    for entry in written.findall(f"{_MPD}S"):
        at = int(entry.get("t", str(at)))
        duration = int(entry.get("d", "0"))
        for _ in range(int(entry.get("r", "0")) + 1):
            segments.append((at, duration))
            at += duration
    return segments


def _cut(template: etree._Element, timeline: Timeline, sent: Sequence[Sent]) -> None:
    written = template.find(f"{_MPD}SegmentTimeline")
    assert written is not None, "its timeline was read"
    for entry in list(written):
        written.remove(entry)
    for segment in sent:
        at, duration = timeline[segment.index]
        etree.SubElement(written, f"{_MPD}S", {"t": str(at), "d": str(duration)})
    template.set("startNumber", str(int(template.get("startNumber", "1")) + sent[0].index))


def _add_events(
    period: etree._Element, number: int, programme: Programme, marks: Sequence[Mark], *, is_last: bool
) -> None:
    """Put the marks into the period that their instants are in; what is ahead goes into the last one."""
    starts_at = programme.pass_starts_at(number)
    ends_at = starts_at + timedelta(seconds=programme.pass_s)
    within = [mark for mark in marks if starts_at <= mark.starts_at and (is_last or mark.starts_at < ends_at)]
    if not within:
        return
    stream = etree.Element(f"{_MPD}EventStream", {"schemeIdUri": MARK_SCHEME, "timescale": str(_MILLISECONDS)})
    for mark in within:
        at = {"presentationTime": str(_milliseconds(mark.starts_at - starts_at))}
        if mark.ends_at is not None:
            at["duration"] = str(_milliseconds(mark.ends_at - mark.starts_at))
        event = etree.SubElement(stream, f"{_MPD}Event", at)
        event.text = "|".join([mark.id, mark.kind, mark.poll_id or ""])
    # Before the sets, which the schema wants last.
    period.insert(0, stream)


def _milliseconds(span: timedelta) -> int:
    return round(span.total_seconds() * _MILLISECONDS)


def _seconds(seconds: float) -> str:
    return f"PT{seconds:.3f}S"
