"""Where the catalog keeps what its editors did. It is the house's work."""

from domain.kernel.personal import Fate, PersonalData

_WORK = "What editors made is the house's, and who made it is an account without a name."
_MADE = ("id", "created_at")

PERSONAL = (
    *(
        PersonalData(table, "created_by", Fate.KEPT, shown=_MADE, why=_WORK)
        for table in ("collections", "people", "tags", "titles", "title_revisions", "scheduled_changes")
    ),
    PersonalData("title_revisions", "reviewed_by", Fate.KEPT, shown=("id", "reviewed_at"), why=_WORK),
    PersonalData("editorial_log", "account_id", Fate.KEPT, shown=("at", "action", "subject", "operation"), why=_WORK),
)
