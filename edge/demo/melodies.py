"""Melodies as ffmpeg expressions: one soft plucked voice over a drone, so that two languages are told apart by ear."""

from collections.abc import Sequence
from dataclasses import dataclass

# Halftones above the root. A pentatonic scale never sounds wrong, whatever comes after what.
SCALE = (0, 3, 5, 7, 10, 12, 15, 17)


@dataclass(frozen=True)
class Melody:
    """`degrees` are steps of the scale, played in a circle; `root_hz` is the drone; `note_s` the length of a note."""

    root_hz: float
    note_s: float
    degrees: Sequence[int]

    def expression(self) -> str:
        """Return what `aevalsrc` plays: two channels, the voice a little left, its echo a little right."""
        return f"{self._voices(0.0, 0.26)}|{self._voices(self.note_s * 1.5, 0.20)}"

    def _voices(self, late_s: float, loudness: float) -> str:
        time = f"(t-{late_s})" if late_s else "t"
        drone = f"0.07*sin(2*PI*{self.root_hz / 2}*t)*(0.7+0.3*sin(t/3))"
        # A pluck: quick attack, exponential decay, a touch of the octave.
        place = f"mod({time},{self.note_s})"
        envelope = f"min(1,{place}*90)*exp(-{place}*{2.2 / self.note_s})"
        phase = f"2*PI*{time}*{self._frequency(time)}"
        voice = f"{loudness}*{envelope}*(sin({phase})+0.3*sin(2*({phase})))"
        return f"{drone}+{voice}*gte(t,{late_s})"

    def _frequency(self, time: str) -> str:
        number = f"mod(floor({time}/{self.note_s}),{len(self.degrees)})"
        choices = [f"eq({number},{place})*{self._hertz(degree):.3f}" for place, degree in enumerate(self.degrees)]
        return f"({'+'.join(choices)})"

    def _hertz(self, degree: int) -> float:
        octaves, step = divmod(degree, len(SCALE))
        return float(self.root_hz * 2 ** (SCALE[step] / 12 + octaves))


CALM = Melody(root_hz=196.0, note_s=0.5, degrees=(0, 2, 4, 3, 5, 4, 2, 1))
BRIGHT = Melody(root_hz=261.63, note_s=0.3, degrees=(5, 4, 5, 7, 4, 2, 3, 4, 2, 0))
SLOW = Melody(root_hz=146.83, note_s=0.8, degrees=(0, 4, 3, 5, 1, 2))
LIVELY = Melody(root_hz=220.0, note_s=0.2, degrees=(0, 4, 2, 5, 3, 4, 1, 5, 2, 6, 4, 3))
