"""The access decision as clients see it: whether, how well, and why not."""

import strawberry

from domain.entitlements import AccessDecision as DecisionRow
from domain.entitlements import Reason
from domain.media.ladder import TrackClass
from graph.batching import derived
from graph.enums import described
from graph.rows import declares

# From sound to the best picture.
_CLASS_ORDER = list(TrackClass)

described(
    Reason,
    name="AccessReason",
    description="Why access is given, or every reason why it is not.",
    values={
        Reason.GRANTED_BY_PLAN: "The account's plan includes the title.",
        Reason.GRANTED_BY_TITLE: "The account was given this title.",
        Reason.TITLE_NOT_PUBLISHED: "The title is not published.",
        Reason.NOT_AVAILABLE_IN_TERRITORY: "There is no right to show it where the viewer is.",
        Reason.NOT_YET_AVAILABLE: "The right to show it there opens later.",
        Reason.NO_LONGER_AVAILABLE: "The right to show it there has ended.",
        Reason.NO_GRANT: "Neither a plan nor a grant of the account includes it.",
        Reason.MATURITY_LIMIT: "It is meant for older people than the profile may watch with.",
        Reason.NOT_ON_THIS_DEVICE: "There is no right to show it on this class of device.",
        Reason.NOT_IN_PLAN: "It is shown to holders of other plans.",
        Reason.MEDIA_NOT_READY: "Its film is not ready to play.",
        Reason.ACCOUNT_SUSPENDED: "The account is suspended.",
        Reason.STREAM_LIMIT: "It plays on more screens than the account has (any more); those that began first go on.",
    },
)


@declares(DecisionRow)
@strawberry.type(description="Whether a viewer may watch a title, how well, and why not.")
class AccessDecision:
    """The access decision."""

    allowed: bool = strawberry.field(description="Whether it may be watched.")
    reasons: list[Reason] = strawberry.field(description="Why, or every reason why not.")
    track_classes: list[TrackClass] = derived(
        lambda decision, _: sorted(decision.track_classes, key=_CLASS_ORDER.index),
        description="What may be watched, from sound to the best picture.",
    )
    max_height: int | None = strawberry.field(description="How many lines the picture may have; null when denied.")
    concurrent_streams: int = strawberry.field(description="On how many screens the account may watch at once.")
