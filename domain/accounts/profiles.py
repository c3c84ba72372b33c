"""The profiles of a household: making, changing, removing and choosing them.

    what                                   asks for
    choosing a grown-up's locked profile   its PIN
    leaving a kids profile                 its PIN, or that of the locked profile gone to
    editing a locked profile               its PIN, or a proof of the account within the last minutes
    editing any, from a kids profile       the PIN of the kids profile, or such a proof

Refusal
├── PinRequired, PinWrong   see `pins`
├── TooManyProfiles         the household has as many as it may
├── LastProfile             somebody grown up has to stay
└── ProfileInUse            the viewer acts as this profile
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.accounts import store
from domain.accounts.account import MATURITY_MAX_AGE, checked_language, checked_name
from domain.accounts.avatars import Avatar
from domain.accounts.confirmation import CONFIRMED_FOR, is_recent, require_recent
from domain.accounts.desk import Desk
from domain.accounts.erasing import ERASE_PROFILE
from domain.accounts.people import KIDS_MAX_AGE, Profile, ProfileId, Viewer, require_manager, require_viewer
from domain.accounts.pins import Lock, PinRequired, check_pin, checked_pin, open_lock
from domain.kernel.jobs import Job
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, SignInRequired, StaleVersion
from domain.kernel.work import Work

# A large household; each has resume points, lists and suggestions of its own.
PROFILES_MAX = 6


class TooManyProfiles(Refusal):
    """The household has as many profiles as it may: `max`."""

    def __init__(self) -> None:
        super().__init__(f"A household has up to {PROFILES_MAX} profiles. Remove one first.")
        self.max = PROFILES_MAX


class LastProfile(Refusal):
    """Nobody grown up would be left."""

    def __init__(self) -> None:
        super().__init__("A household keeps at least one profile that is not for kids. Make another one first.")


class ProfileInUse(Refusal):
    """The viewer acts as this profile."""

    def __init__(self) -> None:
        super().__init__("This is the profile you act as. Choose another one first.")


@dataclass(frozen=True, repr=False)
class ProfileChange:
    """What is to be different of a profile; None is what stays. `maturity_limit` is in years."""

    name: str | None = None
    avatar: Avatar | None = None
    language: str | None = None
    maturity_limit: int | None = None
    is_kids: bool | None = None
    autoplay: bool | None = None
    new_pin: str | None = None
    removes_pin: bool = False


@dataclass(frozen=True)
class _Household:
    acting: store.LockedProfile
    all: Sequence[store.LockedProfile]

    def one(self, profile_id: UUID) -> store.LockedProfile:
        for found in self.all:
            if found.profile.id == profile_id:
                return found
        raise NotFound("profile", profile_id)


async def create_profile(desk: Desk, *, viewer: Viewer | None, change: ProfileChange, pin: str | None) -> Profile:
    """Add a profile to the viewer's household, by default with the age limit of the acting one.

    A kids profile needs a PIN of its own. Raises:
        SignInRequired, AccountScopeRequired, InvalidInput, PinRequired, PinWrong, TooManyProfiles, TooManyAttempts,
        Unavailable.
        ConfirmationRequired: it may watch more than the acting profile, and nobody proved that they decide that.
    """
    viewer = require_manager(viewer)
    blank = Profile(viewer.profile_id, viewer.account_id, "", viewer.language, viewer.maturity_limit, version=0)
    drafted = _changed(blank, replace(change, name=change.name or ""))
    lock, pin_hash = await _prepared(desk, viewer, None, change, pin)
    async with desk.open_work() as work:
        household = await _opened(work, viewer, None, lock)
        _check_limit(household, viewer, before=0, after=drafted, work=work)
        if len(household.all) >= PROFILES_MAX:
            raise TooManyProfiles
        profile = replace(drafted, id=ProfileId(work.new_id()))
        await store.insert_profile(work.connection, profile, pin_hash=pin_hash, at=work.now)
    return profile


async def update_profile(
    desk: Desk,
    *,
    viewer: Viewer | None,
    profile_id: UUID,
    expected_version: int,
    change: ProfileChange,
    pin: str | None,
) -> Profile:
    """Change a profile of the viewer's household. What is None in `change` stays.

    Raises:
        SignInRequired, AccountScopeRequired, InvalidInput, NotFound, StaleVersion, LastProfile, PinRequired, PinWrong,
        TooManyAttempts, Unavailable.
        ConfirmationRequired: it may watch more than before and than the acting profile, and nobody proved that they
            decide that.
    """
    viewer = require_manager(viewer)
    lock, pin_hash = await _prepared(desk, viewer, profile_id, change, pin)
    async with desk.open_work() as work:
        household = await _opened(work, viewer, profile_id, lock)
        before = _at_version(household.one(profile_id), expected_version)
        after = _changed(before.profile, change)
        _check_limit(household, viewer, before=before.profile.maturity_limit, after=after, work=work)
        if after.is_kids:
            _check_grown_ups(household, but=profile_id)
        await store.update_profile(
            work.connection, after, pin_hash=pin_hash or (before.pin_hash if after.has_pin else None)
        )
    return after


async def remove_profile(
    desk: Desk, *, viewer: Viewer | None, profile_id: UUID, expected_version: int, pin: str | None
) -> None:
    """Remove a profile of the viewer's household. Whoever acts as it elsewhere is signed out.

    Raises:
        SignInRequired, AccountScopeRequired, NotFound, StaleVersion, LastProfile, ProfileInUse, PinRequired, PinWrong,
        TooManyAttempts, Unavailable.
    """
    viewer = require_manager(viewer)
    lock, _ = await _prepared(desk, viewer, profile_id, ProfileChange(), pin)
    async with desk.open_work() as work:
        household = await _opened(work, viewer, profile_id, lock)
        _at_version(household.one(profile_id), expected_version)
        _check_grown_ups(household, but=profile_id)
        if profile_id == household.acting.profile.id:
            raise ProfileInUse
        await store.remove_profile(work.connection, profile_id, at=work.now)
        await work.enqueue(Job(ERASE_PROFILE, {"profile_id": str(profile_id)}))


async def choose_profile(desk: Desk, *, viewer: Viewer | None, profile_id: UUID, pin: str | None) -> Profile:
    """Act as another profile from the next request on; streams that are open end within seconds, to be opened again.

    Choosing a kids profile hands the device to a child: what was proved on it before no longer counts.

    Raises:
        SignInRequired, NotFound, PinRequired, PinWrong, TooManyAttempts, Unavailable.
    """
    viewer = require_viewer(viewer)
    async with desk.open_work() as work:
        household = await _household(work, viewer)
        lock = _door_lock(household, household.one(profile_id))
    await check_pin(desk, lock=lock, pin=pin)
    async with desk.open_work() as work:
        household = await _hold_household(work, viewer)
        chosen = household.one(profile_id)
        _check_unmoved(_door_lock(household, chosen), lock)
        await open_lock(work, lock=lock)
        await store.act_as(
            work.connection,
            viewer.sign_in_id,
            profile_id=profile_id,
            proved_before=work.now - 2 * CONFIRMED_FOR if chosen.profile.is_kids else None,
        )
    return chosen.profile


async def _prepared(
    desk: Desk, viewer: Viewer, profile_id: UUID | None, change: ProfileChange, pin: str | None
) -> tuple[Lock | None, str | None]:
    """Check the PIN that an edit asks for, and hash a new one. Nothing is locked meanwhile."""
    async with desk.open_work() as work:
        household = await _household(work, viewer)
        target = None if profile_id is None else household.one(profile_id)
        lock = _edit_lock(household, target, viewer=viewer, work=work)
    if target is not None:
        # What cannot be used is said before anybody is asked for a PIN.
        _changed(target.profile, change)
    await check_pin(desk, lock=lock, pin=pin)
    return lock, None if change.new_pin is None else await desk.passwords.hash(change.new_pin)


async def _opened(work: Work, viewer: Viewer, profile_id: UUID | None, lock: Lock | None) -> _Household:
    """Return the household for an edit whose PIN was checked, and keep it until the work ends."""
    household = await _hold_household(work, viewer)
    target = None if profile_id is None else household.one(profile_id)
    _check_unmoved(_edit_lock(household, target, viewer=viewer, work=work), lock)
    await open_lock(work, lock=lock)
    return household


async def _household(work: Work, viewer: Viewer) -> _Household:
    profiles = await store.household(work.connection, viewer.account_id)
    acting_id = await store.acting_profile(work.connection, viewer.sign_in_id)
    acting = next((found for found in profiles if found.profile.id == acting_id), None)
    if acting is None:
        # It ended since the request began.
        raise SignInRequired
    return _Household(acting, profiles)


async def _hold_household(work: Work, viewer: Viewer) -> _Household:
    # Whoever changes the household waits for the account's row, so that what is counted stays as it is.
    await store.hold_accounts(work.connection, [viewer.account_id])
    return await _household(work, viewer)


def _door_lock(household: _Household, target: store.LockedProfile) -> Lock | None:
    if target.profile.id == household.acting.profile.id:
        return None
    return _lock_of(target if target.pin_hash and not target.profile.is_kids else _kept_in(household))


def _edit_lock(household: _Household, target: store.LockedProfile | None, *, viewer: Viewer, work: Work) -> Lock | None:
    if is_recent(viewer, now=work.now):
        return None
    return _lock_of(target if target is not None and target.pin_hash else _kept_in(household))


def _kept_in(household: _Household) -> store.LockedProfile | None:
    return household.acting if household.acting.profile.is_kids else None


def _lock_of(found: store.LockedProfile | None) -> Lock | None:
    return None if found is None or found.pin_hash is None else Lock(found.profile.id, found.pin_hash)


def _check_unmoved(now: Lock | None, checked: Lock | None) -> None:
    # A PIN was set or changed, or the sign-in went on to another profile, since it was looked at.
    if now is not None and now != checked:
        raise PinRequired(now.profile_id)


def _check_limit(household: _Household, viewer: Viewer, *, before: int, after: Profile, work: Work) -> None:
    # Else whoever has a low limit would raise it, or make a profile without.
    if after.maturity_limit > max(before, household.acting.profile.maturity_limit):
        require_recent(viewer, now=work.now)


def _check_grown_ups(household: _Household, *, but: UUID) -> None:
    if all(found.profile.is_kids for found in household.all if found.profile.id != but):
        raise LastProfile


def _at_version(found: store.LockedProfile, expected: int) -> store.LockedProfile:
    if found.profile.version != expected:
        raise StaleVersion(expected, found.profile.version)
    return found


def _changed(profile: Profile, change: ProfileChange) -> Profile:
    if change.new_pin is not None:
        checked_pin(change.new_pin)
    has_pin = (profile.has_pin and not change.removes_pin) or change.new_pin is not None
    is_kids = profile.is_kids if change.is_kids is None else change.is_kids
    if is_kids and not has_pin:
        raise InvalidInput("newPin", "A kids profile needs a PIN, to leave it by.")
    return replace(
        profile,
        name=profile.name if change.name is None else checked_name(change.name, field="name"),
        avatar=change.avatar or profile.avatar,
        language=profile.language if change.language is None else checked_language(change.language),
        maturity_limit=_limit(profile.maturity_limit, change.maturity_limit, is_kids=is_kids),
        is_kids=is_kids,
        autoplay=profile.autoplay if change.autoplay is None else change.autoplay,
        has_pin=has_pin,
        version=profile.version + 1,
    )


def _limit(before: int, wanted: int | None, *, is_kids: bool) -> int:
    highest = KIDS_MAX_AGE if is_kids else MATURITY_MAX_AGE
    if wanted is None:
        return min(before, highest)
    if not 0 <= wanted <= highest:
        raise InvalidInput("maturityLimit", f"Use an age from 0 to {highest}.")
    return wanted
