"""What editors do to schedules by hand. Imports leave alone what an editor has placed or changed."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import TitleKind, titles_by_id
from domain.catalog.audit import acting
from domain.guide.facts import GUIDE_TOPIC, ScheduleChanged
from domain.guide.policy import GUIDE, GuideAct
from domain.guide.slot import (
    LISTINGS_ID_MAX_CHARS,
    ListingsIdTaken,
    NotAChannel,
    Programme,
    Slot,
    SlotId,
    SlotOrigin,
    SlotOverlaps,
    checked_programme,
    checked_times,
    first_overlap,
)
from domain.guide.store import slots as store
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Work


async def place_slot(
    work: Work, *, viewer: Viewer | None, channel_id: UUID, starts_at: datetime, ends_at: datetime, programme: Programme
) -> Slot:
    """Put a programme on a channel's schedule. Editors, also those of the channel alone.

    Locks the channel; announces ScheduleChanged.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotAChannel, SlotOverlaps.
        NotFound: no such channel, or no title that it is a showing of.
    """
    await _scheduling(work, viewer, channel_id, action="place_slot")
    starts_at, ends_at = checked_times(starts_at, ends_at, now=work.now)
    programme = checked_programme(programme)
    await _hold_channel(work, channel_id)
    await _check_title(work, programme)
    slot = Slot(SlotId(work.new_id()), channel_id, starts_at, ends_at, programme, SlotOrigin.EDITOR, version=1)
    await _check_room(work, slot)
    await store.insert_slots(work.connection, [slot])
    await work.announce(GUIDE_TOPIC, ScheduleChanged(channel_id))
    return slot


async def change_slot(
    work: Work,
    *,
    viewer: Viewer | None,
    slot_id: UUID,
    expected_version: int,
    starts_at: datetime,
    ends_at: datetime,
    programme: Programme,
) -> Slot:
    """Give a slot another time and programme. Editors, also those of the channel alone.

    Locks the channel; announces ScheduleChanged.

    Raises:
        SignInRequired, Forbidden, InvalidInput, StaleVersion, SlotOverlaps.
        NotFound: no such slot, or no title that it is a showing of.
    """
    await _scheduling(work, viewer, await _channel_of(work, slot_id), action="change_slot")
    starts_at, ends_at = checked_times(starts_at, ends_at, now=work.now)
    programme = checked_programme(programme)
    before = await _hold_slot(work, slot_id, expected_version)
    await _check_title(work, programme)
    slot = replace(
        before, starts_at=starts_at, ends_at=ends_at, programme=programme, origin=SlotOrigin.EDITOR,
        version=before.version + 1,
    )  # fmt: skip
    await _check_room(work, slot)
    await store.change_slots(work.connection, [slot])
    await work.announce(GUIDE_TOPIC, ScheduleChanged(slot.channel_id))
    return slot


async def remove_slot(work: Work, *, viewer: Viewer | None, slot_id: UUID, expected_version: int) -> UUID:
    """Take a slot off the schedule, and return the channel it was on. Editors, also those of the channel alone.

    Announces ScheduleChanged.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    await _scheduling(work, viewer, await _channel_of(work, slot_id), action="remove_slot")
    slot = await _hold_slot(work, slot_id, expected_version)
    await store.delete_slots(work.connection, [slot.id])
    await work.announce(GUIDE_TOPIC, ScheduleChanged(slot.channel_id))
    return slot.channel_id


async def link_channel(work: Work, *, viewer: Viewer | None, channel_id: UUID, listings_id: str | None) -> UUID:
    """Say what a channel is called in listings, None for nothing: imports bring only what is called so.

    Editors, also those of the channel alone.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, NotAChannel, ListingsIdTaken.
    """
    await _scheduling(work, viewer, channel_id, action="link_channel")
    if listings_id is not None:
        listings_id = listings_id.strip()
        if not 1 <= len(listings_id) <= LISTINGS_ID_MAX_CHARS or "\x00" in listings_id:
            raise InvalidInput("listingsId", f"Use 1 to {LISTINGS_ID_MAX_CHARS} characters.")
    await store.lock_links(work.connection)
    await _hold_channel(work, channel_id)
    if not await store.link_channel(work.connection, channel_id, listings_id):
        assert listings_id is not None, "any number of channels may be in no listings"
        raise ListingsIdTaken(listings_id)
    return channel_id


async def _scheduling(work: Work, viewer: Viewer | None, channel_id: UUID | None, *, action: str) -> None:
    """Let editors go on, and those of this channel. Whether there is such a channel or slot is not told to others."""
    viewer = GUIDE.require(viewer, GuideAct.SCHEDULE, within=channel_id)
    await acting(work, viewer=viewer, action=action)


async def _channel_of(work: Work, slot_id: UUID) -> UUID | None:
    (slot,) = await store.slots_by_id(work.connection, [slot_id])
    return None if slot is None else slot.channel_id


async def _hold_channel(work: Work, channel_id: UUID) -> None:
    (title,) = await titles_by_id(work.reads(), [channel_id])
    if title is None:
        raise NotFound("title", channel_id)
    if title.kind is not TitleKind.CHANNEL:
        raise NotAChannel
    await store.add_channel(work.connection, channel_id)
    await store.lock_channels(work.connection, [channel_id])


async def _hold_slot(work: Work, slot_id: UUID, expected_version: int) -> Slot:
    (found,) = await store.slots_by_id(work.connection, [slot_id])
    if found is not None:
        # A slot never changes its channel; what else it was before the lock may be another by now.
        await store.lock_channels(work.connection, [found.channel_id])
        (found,) = await store.slots_by_id(work.connection, [slot_id])
    if found is None:
        raise NotFound("slot", slot_id)
    if found.version != expected_version:
        raise StaleVersion(expected_version, found.version)
    return found


async def _check_title(work: Work, programme: Programme) -> None:
    if programme.title_id is not None and await titles_by_id(work.reads(), [programme.title_id]) == [None]:
        raise NotFound("title", programme.title_id)


async def _check_room(work: Work, slot: Slot) -> None:
    touched = await store.touching(work.connection, [(slot.channel_id, slot.starts_at, slot.ends_at)])
    other = first_overlap(slot.starts_at, slot.ends_at, [one for one in touched if one.id != slot.id])
    if other is not None:
        raise SlotOverlaps(other.starts_at, other.ends_at)
