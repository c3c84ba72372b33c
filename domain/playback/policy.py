"""Who may play what others may not."""

from enum import StrEnum

from domain.accounts import Policy, Role


class PlaybackAct(StrEnum):
    """What is done to playback, besides playing what one may find."""

    SEE_REASONS = "see why unpublished titles do not play"


PLAYBACK = Policy(
    {
        PlaybackAct.SEE_REASONS: frozenset({Role.EDITOR}),
    }
)
