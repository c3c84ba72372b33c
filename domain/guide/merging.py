"""How programmes of listings come onto a schedule that has slots already. Pure.

A slot is known by its channel and start. What an import brought makes room for what a later one brings; what an editor
placed or changed stays.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice, takewhile
from uuid import UUID

from domain.catalog import Title
from domain.guide.listings import UNSAID, Outcome
from domain.guide.listings_import import Counts
from domain.guide.slot import Programme, Slot, SlotId, SlotOrigin, SlotText


@dataclass(frozen=True)
class Wanted:
    """A programme of a file for a channel of ours. Those of one merge do not overlap."""

    outcome: Outcome
    channel_id: UUID
    starts_at: datetime
    ends_at: datetime
    programme: Programme

    @classmethod
    def of(cls, outcome: Outcome, channel: Title) -> "Wanted":
        """Return what an outcome without a problem asks for; texts in no language are in the channel's."""
        assert outcome.starts_at is not None, "it has no problem"
        assert outcome.ends_at is not None, "it has no problem"
        assert outcome.programme is not None, "it has no problem"
        programme = _in_language(outcome.programme, channel.default_language)
        return cls(outcome, channel.id, outcome.starts_at, outcome.ends_at, programme)


@dataclass(frozen=True)
class Merge:
    """What to do to the slots that are there; `removed` before `changed` before `added`, and nothing ever overlaps."""

    added: Sequence[Slot]
    changed: Sequence[Slot]
    removed: Sequence[SlotId]
    refused: Sequence[Wanted]
    counts: Counts
    channels: Sequence[UUID]


def times_of(wanted: Iterable[Wanted]) -> list[tuple[UUID, datetime, datetime]]:
    """Return the times of channels that are wanted, those that follow on one another as one: few windows to look in."""
    together: list[tuple[UUID, datetime, datetime]] = []
    for channel_id, starts_at, ends_at in sorted((one.channel_id, one.starts_at, one.ends_at) for one in wanted):
        if together and together[-1][0] == channel_id and together[-1][2] == starts_at:
            together[-1] = (channel_id, together[-1][1], ends_at)
        else:
            together.append((channel_id, starts_at, ends_at))
    return together


def merged(wanted: Sequence[Wanted], there: Iterable[Slot], *, new_id: Callable[[], UUID]) -> Merge:
    """Find out what to do; `there` are all slots that overlap anything wanted, those of each channel in order."""
    of_channel: dict[UUID, list[Slot]] = {}
    for slot in there:
        of_channel.setdefault(slot.channel_id, []).append(slot)
    added: list[Slot] = []
    changed: list[Slot] = []
    refused: list[Wanted] = []
    kept: set[SlotId] = set()
    leaving: dict[SlotId, UUID] = {}
    unchanged = 0
    for one in wanted:
        touched = _touched(of_channel.get(one.channel_id, []), one)
        same = next((slot for slot in touched if slot.starts_at == one.starts_at), None)
        if any(slot.origin is SlotOrigin.EDITOR for slot in touched):
            # An editor's word about just this time is what the file asks for, in better words.
            if len(touched) == 1 and same is not None and same.ends_at == one.ends_at:
                unchanged += 1
            else:
                refused.append(one)
            continue
        leaving |= {slot.id: slot.channel_id for slot in touched}
        if same is None:
            added.append(_slot(one, SlotId(new_id()), version=1))
            continue
        kept.add(same.id)
        after = replace(_slot(one, same.id, version=same.version), programme=_linked(one.programme, same))
        if after == same:
            unchanged += 1
        else:
            changed.append(replace(after, version=same.version + 1))
    removed = [id for id in leaving if id not in kept]
    moved = {slot.channel_id for slot in (*added, *changed)} | {leaving[id] for id in removed}
    counts = Counts(added=len(added), changed=len(changed), unchanged=unchanged, removed=len(removed))
    return Merge(added, changed, removed, refused, counts, sorted(moved))


def _touched(slots: list[Slot], one: Wanted) -> list[Slot]:
    """Return those of a channel's slots, which are in order and never overlap, that share an instant with a time."""
    first = bisect_right(slots, one.starts_at, key=lambda slot: slot.ends_at)
    return list(takewhile(lambda slot: slot.starts_at < one.ends_at, islice(slots, first, None)))


def _linked(programme: Programme, slot: Slot) -> Programme:
    # Listings know nothing of our titles.
    return replace(programme, title_id=slot.programme.title_id)


def _slot(one: Wanted, id: SlotId, *, version: int) -> Slot:
    return Slot(id, one.channel_id, one.starts_at, one.ends_at, one.programme, SlotOrigin.IMPORT, version)


def _in_language(programme: Programme, language: str) -> Programme:
    """Return a programme whose texts in no language are in this one, unless there is one already."""
    said = {text.language: text for text in programme.texts}
    unsaid = said.pop(UNSAID, None)
    if unsaid is not None:
        said.setdefault(language, SlotText(language, *unsaid[1:]))
    return replace(programme, texts=tuple(sorted(said.values())))
