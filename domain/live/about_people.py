"""Where streams keep who prepared them. It is the house's work."""

from domain.kernel.personal import Fate, PersonalData

PERSONAL = (
    PersonalData(
        "streams", "created_by", Fate.KEPT, shown=("id", "name", "created_at"),
        why="What went out live is the house's, and who prepared it is an account without a name.",
    ),
)  # fmt: skip
