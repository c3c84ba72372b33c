"""Where entitlements keep what is about people: what they may watch."""

from domain.kernel.personal import Fate, PersonalData

PERSONAL = (
    PersonalData(
        "grants", "account_id", Fate.KEPT, why="What was given is counted; to whom is an account without a name."
    ),
)
