"""Who may edit schedules."""

from enum import StrEnum

from domain.accounts import Policy, Role


class GuideAct(StrEnum):
    """What is done to schedules, besides reading them."""

    SCHEDULE = "edit the schedule"
    IMPORT_LISTINGS = "import listings"


GUIDE = Policy(
    {
        GuideAct.SCHEDULE: frozenset({Role.EDITOR}),
        GuideAct.IMPORT_LISTINGS: frozenset({Role.EDITOR}),
    }
)
