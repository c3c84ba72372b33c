"""The plans: what each one lets its holder watch, and on how many screens at once."""

from dataclasses import dataclass
from enum import StrEnum

from domain.media.ladder import TrackClass


class Plan(StrEnum):
    """What an account may hold. Ordered by `PLAN_TERMS`, the best last."""

    BASIC = "BASIC"
    STANDARD = "STANDARD"
    PREMIUM = "PREMIUM"


@dataclass(frozen=True)
class PlanTerms:
    """What a plan allows. `max_height` is in lines of the picture."""

    track_classes: frozenset[TrackClass]
    max_height: int
    concurrent_streams: int


_SD = frozenset({TrackClass.AUDIO, TrackClass.SD})
_HD = _SD | {TrackClass.HD}
_UHD = _HD | {TrackClass.UHD}

PLAN_TERMS = {
    Plan.BASIC: PlanTerms(_SD, max_height=576, concurrent_streams=1),
    Plan.STANDARD: PlanTerms(_HD, max_height=1080, concurrent_streams=2),
    Plan.PREMIUM: PlanTerms(_UHD, max_height=2160, concurrent_streams=3),
}
# Who bought one title without a plan watches it in the best quality, on one screen.
SINGLE_TITLE_TERMS = PlanTerms(_UHD, max_height=2160, concurrent_streams=1)
