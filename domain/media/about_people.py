"""Where media keeps what studios did. It is the house's work."""

from domain.kernel.personal import Fate, PersonalData

_WORK = "What studios made is the house's, and who made it is an account without a name."

PERSONAL = (
    PersonalData("uploads", "account_id", Fate.KEPT, shown=("id", "file_name", "created_at"), why=_WORK),
    PersonalData("assets", "account_id", Fate.KEPT, shown=("id", "created_at"), why=_WORK),
    PersonalData("artworks", "created_by", Fate.KEPT, shown=("id", "created_at"), why=_WORK),
    PersonalData("title_imports", "account_id", Fate.KEPT, shown=("id", "created_at"), why=_WORK),
)
