"""Who may do what with streams."""

from enum import StrEnum

from domain.accounts import Policy, Role


class LiveAct(StrEnum):
    """What is done to streams, besides watching them."""

    PREPARE = "prepare streams"
    GO_LIVE = "start and end streams"


LIVE = Policy(
    {
        LiveAct.PREPARE: frozenset({Role.HOST, Role.EDITOR}),
        LiveAct.GO_LIVE: frozenset({Role.HOST, Role.EDITOR}),
    }
)
