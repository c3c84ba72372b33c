"""Where engagement keeps what is about people: their votes, and what they have won."""

from domain.kernel.personal import Fate, PersonalData

_GAME = "What a player has is owed by others, so the ledger keeps it, under an account without a name."

PERSONAL = (
    PersonalData(
        "polls", "created_by", Fate.KEPT, shown=("id", "question", "created_at"),
        why="What was asked in a show is the house's, and who asked is an account without a name.",
    ),
    # Triggers take a deleted vote from its tally.
    PersonalData("votes", "voter_id", Fate.DELETED),
    PersonalData("point_entries", "holder_id", Fate.KEPT, why=_GAME),
    PersonalData("point_balances", "holder_id", Fate.KEPT, why=_GAME),
)  # fmt: skip
