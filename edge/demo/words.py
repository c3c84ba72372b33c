"""The subtitles of the demo: lines with a start and an end in seconds, written out as SRT or WebVTT."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class SubtitleFormat(StrEnum):
    """The file a subtitle track is uploaded as."""

    SRT = "srt"
    WEBVTT = "vtt"

    @property
    def media_type(self) -> str:
        return "text/vtt" if self is SubtitleFormat.WEBVTT else "application/x-subrip"


@dataclass(frozen=True)
class Line:
    """What is shown, from and until when, in seconds."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Spoken:
    """One subtitle track."""

    format: SubtitleFormat
    lines: Sequence[Line]

    def file(self) -> bytes:
        """Return the track as a file of its format."""
        is_vtt = self.format is SubtitleFormat.WEBVTT
        mark = "." if is_vtt else ","
        cues = [
            f"{number}\n{_clock(line.start_s, mark)} --> {_clock(line.end_s, mark)}\n{line.text}\n"
            for number, line in enumerate(self.lines, start=1)
        ]
        return "\n".join(["WEBVTT\n", *cues] if is_vtt else cues).encode()


def _clock(seconds: float, mark: str) -> str:
    millis = round(seconds * 1000)
    minutes, rest = divmod(millis, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{mark}{rest % 1000:03}"


def _evenly(*texts: str, every_s: float = 6.0, shown_s: float = 4.5, first_s: float = 2.0) -> tuple[Line, ...]:
    starts = [first_s + every_s * number for number in range(len(texts))]
    return tuple(Line(start, start + shown_s, text) for start, text in zip(starts, texts, strict=True))


ABYSS = Spoken(
    SubtitleFormat.SRT,
    _evenly(
        "From up here it looks like a beetle.",
        "Come closer. The edge is not an edge.",
        "Every wall turns out to be a coast.",
        "And every coast has islands.",
        "The islands look like a beetle.",
        "No two of them are the same.",
        "The rule fits on a postcard:\nsquare it, add where you stand, repeat.",
        "Black is where you may stay for ever.",
        "Colour is how soon you had to leave.",
        "There is no bottom.",
    ),
)
ABSTIEG = Spoken(
    SubtitleFormat.WEBVTT,
    _evenly(
        "Von hier oben sieht es aus wie ein Käfer.",
        "Näher. Der Rand ist gar kein Rand.",
        "Jede Mauer erweist sich als Küste.",
        "Und vor jeder Küste liegen Inseln.",
        "Die Inseln sehen aus wie ein Käfer.",
        "Keine zwei von ihnen sind gleich.",
        "Die Regel passt auf eine Postkarte:\nquadriere, addiere deinen Ort, wiederhole.",
        "Schwarz ist, wo man für immer bleiben darf.",
        "Farbe ist, wie bald man gehen musste.",
        "Es gibt keinen Grund.",
    ),
)
GARDEN = Spoken(
    SubtitleFormat.WEBVTT,
    _evenly(
        "A spark with two or three neighbours lives on.",
        "Alone, it goes out. In a crowd, it goes out.",
        "Three sparks around a dark place light it.",
        "That is all there is to it.",
        "Some shapes blink.",
        "Some shapes walk.",
        "Most of them simply end.",
        every_s=8.0,
        shown_s=5.0,
    ),
)
GARTEN = Spoken(
    SubtitleFormat.SRT,
    _evenly(
        "Ein Funke mit zwei oder drei Nachbarn bleibt.",
        "Allein verlischt er. Im Gedränge verlischt er.",
        "Drei Funken um eine dunkle Stelle zünden sie an.",
        "Mehr ist es nicht.",
        "Manche Formen blinken.",
        "Manche Formen wandern.",
        "Die meisten enden einfach.",
        every_s=8.0,
        shown_s=5.0,
    ),
)
