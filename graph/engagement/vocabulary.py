"""The words of polls, each with what it means."""

from domain.engagement import Missing, MomentKind, PollKind, PollState, Reveal
from graph.enums import described

__all__ = ["Missing", "MomentKind", "PollKind", "PollState", "Reveal"]

described(
    PollKind,
    description="What sort of question a poll asks.",
    values={
        PollKind.SINGLE: "One answer.",
        PollKind.MULTIPLE: "Several answers, within bounds.",
        PollKind.QUIZ: "There are right answers, and points for finding them.",
        PollKind.RATING: "A grade: options are numbered from 1.",
        PollKind.PREDICTION: "What will come true, with points staked on it.",
    },
)
described(
    PollState,
    description="How far a poll is. It opens and locks by the programme clock, whoever looks.",
    values={
        PollState.DRAFT: "Its hosts are preparing it; nobody else sees it.",
        PollState.SCHEDULED: "It opens by itself at `opensAt`.",
        PollState.OPEN: "It takes votes of whoever has seen `opensAt`.",
        PollState.LOCKED: "It takes votes only of those who are behind and have not seen `locksAt` yet.",
        PollState.REVEALED: "Its results are final, and shown.",
        PollState.ARCHIVED: "It is over; `isCancelled` says whether it was called off.",
    },
)
described(
    Reveal,
    description="Who sees results before a poll is revealed.",
    values={
        Reveal.LIVE: "Everybody.",
        Reveal.AFTER_VOTE: "Whoever has voted.",
        Reveal.AT_END: "Nobody.",
    },
)


described(
    Missing,
    name="EligibilityReason",
    description="What somebody lacks who may not vote.",
    values={
        Missing.PLAN: "One of the poll's plans.",
        Missing.TERRITORY: "Being in one of the poll's territories.",
    },
)
described(
    MomentKind,
    description="What happens at a moment of a show.",
    values={
        MomentKind.POLL_OPENED: "A poll takes votes from here on.",
        MomentKind.POLL_LOCKED: "A poll takes no votes from here on.",
        MomentKind.POLL_REVEALED: "The results of a poll are shown.",
        MomentKind.CHAPTER: "A chapter begins; it goes on until the next one.",
        MomentKind.SHOUT_OUT: "A text is on the screen, until `until`.",
        MomentKind.PRODUCT_PINNED: "A product is pinned to the screen.",
        MomentKind.PRODUCT_UNPINNED: "A product is no longer pinned to the screen.",
    },
)
