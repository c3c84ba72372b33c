"""Where the guide keeps what its editors did. It is the house's work."""

from domain.kernel.personal import Fate, PersonalData

PERSONAL = (
    PersonalData(
        "listings_imports", "created_by", Fate.KEPT, shown=("id", "created_at"),
        why="What editors imported is the house's, and who did is an account without a name.",
    ),
)  # fmt: skip
