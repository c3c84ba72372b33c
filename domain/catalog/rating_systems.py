"""National maturity ratings: which systems there are, where they hold, and what age a label stands for.

Sources: fsk.de, bbfc.co.uk, filmratings.com, tvguidelines.org, cnc.fr, eirin.jp, kijkwijzer.nl, gov.br (ClassInd),
classification.gov.au. Labels that only advise parents count as the age that the system's own text names.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class RatingSystem:
    """A system, the territories in which it holds, and the age in years of each of its labels."""

    name: str
    territories: tuple[str, ...]
    ages: Mapping[str, int]


_SYSTEMS = (
    RatingSystem("FSK", ("DE",), {"0": 0, "6": 6, "12": 12, "16": 16, "18": 18}),
    RatingSystem("BBFC", ("GB",), {"U": 0, "PG": 8, "12": 12, "12A": 12, "15": 15, "18": 18, "R18": 18}),
    RatingSystem("MPA", ("US",), {"G": 0, "PG": 8, "PG-13": 13, "R": 17, "NC-17": 18}),
    RatingSystem("TVPG", ("US",), {"TV-Y": 0, "TV-G": 0, "TV-Y7": 7, "TV-PG": 8, "TV-14": 14, "TV-MA": 17}),
    RatingSystem("CNC", ("FR",), {"TP": 0, "12": 12, "16": 16, "18": 18}),
    RatingSystem("EIRIN", ("JP",), {"G": 0, "PG12": 12, "R15+": 15, "R18+": 18}),
    RatingSystem("KIJKWIJZER", ("NL",), {"AL": 0, "6": 6, "9": 9, "12": 12, "14": 14, "16": 16, "18": 18}),
    RatingSystem("CLASSIND", ("BR",), {"L": 0, "10": 10, "12": 12, "14": 14, "16": 16, "18": 18}),
    RatingSystem("ACB", ("AU",), {"G": 0, "PG": 8, "M": 15, "MA15+": 15, "R18+": 18}),
)
SYSTEMS: Mapping[str, RatingSystem] = {system.name: system for system in _SYSTEMS}


def systems_of(territory: str | None) -> list[str]:
    """Return the systems that hold in a territory."""
    return [system.name for system in _SYSTEMS if territory in system.territories]
