"""Who may arrange the home screen."""

from enum import StrEnum

from domain.accounts import Policy, Role


class InsightsAct(StrEnum):
    """What is done to the home screen, besides looking at it."""

    ARRANGE = "arrange the home screen"


INSIGHTS = Policy(
    {
        InsightsAct.ARRANGE: frozenset({Role.EDITOR}),
    }
)
