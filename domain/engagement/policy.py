"""Who runs shows, and who keeps order in them. Both are held within a channel or live event, too."""

from enum import StrEnum

from domain.accounts import Policy, Role


class EngagementAct(StrEnum):
    """What is done in shows, besides taking part."""

    RUN_SHOW = "run shows"
    MODERATE = "moderate shows"


ENGAGEMENT = Policy(
    {
        EngagementAct.RUN_SHOW: frozenset({Role.HOST, Role.EDITOR}),
        EngagementAct.MODERATE: frozenset({Role.HOST, Role.EDITOR}),
    }
)
