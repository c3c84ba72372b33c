"""What is announced about schedules."""

from dataclasses import dataclass
from uuid import UUID

from domain.kernel.facts import Fact

# A topic of their own: an import moves many slots, and nothing that is kept of titles shows any.
GUIDE_TOPIC = "guide"


@dataclass(frozen=True)
class ScheduleChanged(Fact):
    """A channel shows something else, some time."""

    channel_id: UUID
