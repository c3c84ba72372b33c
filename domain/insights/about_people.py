"""Where insights keep what is about people: only who arranged the home screen."""

from domain.kernel.personal import Fate, PersonalData

PERSONAL = (
    PersonalData(
        "home_rows", "created_by", Fate.KEPT, shown=("id", "created_at"),
        why="What editors arranged is the house's, and who did is an account without a name.",
    ),
)  # fmt: skip
