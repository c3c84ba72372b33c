"""Where webhooks keep who registered them. It is the house's work."""

from domain.kernel.personal import Fate, PersonalData

PERSONAL = (
    PersonalData(
        "webhook_endpoints", "created_by", Fate.KEPT, shown=("id", "url", "created_at"),
        why="What hosts' systems are told is the house's, and who registered them is an account without a name.",
    ),
)  # fmt: skip
