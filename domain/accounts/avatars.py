"""The pictures that a profile can have. Pages draw them by their names; nobody uploads one."""

from enum import StrEnum


class Avatar(StrEnum):
    """What a profile looks like."""

    FOX = "FOX"
    OWL = "OWL"
    WHALE = "WHALE"
    TORTOISE = "TORTOISE"
    HEDGEHOG = "HEDGEHOG"
    OTTER = "OTTER"
    ROBOT = "ROBOT"
    ROCKET = "ROCKET"
    CACTUS = "CACTUS"
    LIGHTHOUSE = "LIGHTHOUSE"
