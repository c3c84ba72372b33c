"""Where engagement keeps what is about people: their votes, what they have won, and what they wrote."""

from domain.kernel.personal import Fate, PersonalData

_GAME = "What a player has is owed by others, so the ledger keeps it, under an account without a name."
_MODERATED = "What was moderated in a show, and when, is the house's; who did it is an account without a name."

PERSONAL = (
    PersonalData(
        "polls", "created_by", Fate.KEPT, shown=("id", "question", "created_at"),
        why="What was asked in a show is the house's, and who asked is an account without a name.",
    ),
    PersonalData(
        "moments", "announced_by", Fate.KEPT, shown=("id", "kind", "present_at"),
        why="What happened in a show is the house's, and who announced it is an account without a name.",
    ),
    # Triggers take a deleted vote from its tally.
    PersonalData("votes", "voter_id", Fate.DELETED),
    PersonalData("point_entries", "holder_id", Fate.KEPT, why=_GAME),
    PersonalData("point_balances", "holder_id", Fate.KEPT, why=_GAME),
    # Facts about messages name them by id, so what a person wrote goes with these rows.
    PersonalData(
        "chat_messages", "author_id", Fate.DELETED, profile_column="profile_id",
        shown=("id", "stream_id", "text", "sent_at", "removed_at"),
    ),
    PersonalData("chat_messages", "removed_by", Fate.KEPT, shown=("id", "removed_at"), why=_MODERATED),
    PersonalData("chat_talkers", "account_id", Fate.DELETED),
    PersonalData("chat_talkers", "timed_out_by", Fate.KEPT, shown=("timed_out_until",), why=_MODERATED),
    PersonalData("chat_moderators", "account_id", Fate.DELETED, profile_column="profile_id"),
    PersonalData("chat_moderators", "appointed_by", Fate.KEPT, shown=("appointed_at",), why=_MODERATED),
    # Triggers take a deleted upvote from its question's counter.
    PersonalData("question_upvotes", "account_id", Fate.DELETED),
    PersonalData(
        "questions", "author_id", Fate.DELETED, profile_column="profile_id",
        shown=("id", "stream_id", "text", "state", "asked_at"),
    ),
    PersonalData("questions", "moderated_by", Fate.KEPT, shown=("id", "state", "moderated_at"), why=_MODERATED),
)  # fmt: skip
