"""PINs of profiles: four to eight digits that keep others out of a grown-up's profile, and children in theirs.

Few enough digits to try them all, so wrong ones are counted for each profile. Whoever proved lately that the account is
theirs may edit without: that is the way back for who forgot a PIN. Choosing a profile always asks.

Refusal
├── PinRequired   there is a PIN, and none was given
└── PinWrong      another one was given
"""

import re
from dataclasses import dataclass
from uuid import UUID

from domain.accounts.attempts import HOUR_S, Limit, return_attempt
from domain.accounts.desk import Desk, attempt
from domain.kernel.refusals import InvalidInput, Refusal
from domain.kernel.work import Work

# Trying all PINs of four digits takes most of three months.
PINS_OF_PROFILE = Limit("pin.profile", burst=5, per_s=HOUR_S)
_PIN = re.compile(r"[0-9]{4,8}")


class PinRequired(Refusal):
    """A PIN is asked for. `profile_id` names the profile whose it is."""

    def __init__(self, profile_id: UUID) -> None:
        super().__init__("A PIN is needed for this. Ask whoever set it.")
        self.profile_id = profile_id


class PinWrong(Refusal):
    """Another PIN is right. `profile_id` names the profile whose it is."""

    def __init__(self, profile_id: UUID) -> None:
        super().__init__("This is not the PIN. After a few wrong ones you have to wait.")
        self.profile_id = profile_id


@dataclass(frozen=True, repr=False)
class Lock:
    """The PIN of a profile, as its hash."""

    profile_id: UUID
    pin_hash: str


def checked_pin(pin: str) -> str:
    """Return a PIN that can be set.

    Raises:
        InvalidInput.
    """
    if not _PIN.fullmatch(pin):
        raise InvalidInput("newPin", "Use 4 to 8 digits.")
    return pin


async def check_pin(desk: Desk, *, lock: Lock | None, pin: str | None) -> None:
    """Check what opens a lock, if there is one. A wrong PIN counts as an attempt at the profile's.

    Raises:
        PinRequired, PinWrong, TooManyAttempts, Unavailable.
    """
    if lock is None:
        return
    if pin is None:
        raise PinRequired(lock.profile_id)
    if not _PIN.fullmatch(pin):
        raise PinWrong(lock.profile_id)
    await attempt(desk, subjects={PINS_OF_PROFILE: str(lock.profile_id)})
    if not await desk.passwords.matches(lock.pin_hash, pin):
        raise PinWrong(lock.profile_id)


async def open_lock(work: Work, *, lock: Lock | None) -> None:
    """Give back the attempt at a PIN that was right."""
    if lock is not None:
        await return_attempt(work, limit=PINS_OF_PROFILE, subject=str(lock.profile_id))
