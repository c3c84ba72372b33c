"""What channels show when, as viewers see it. `catalog.titles` has the fields of channels that lead here."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from domain import guide as domain
from domain.guide import NowAndNext, SlotOrigin
from domain.guide import Slot as SlotRow
from domain.guide import SlotText as TextRow
from graph.batching import batched, derived, load_all
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, loads_node
from graph.loads import is_editor, visible_titles
from graph.nodes import Node
from graph.rows import declares

described(
    SlotOrigin,
    description="Who put a programme on the schedule.",
    values={
        SlotOrigin.EDITOR: "An editor placed or changed it by hand; imports leave it alone.",
        SlotOrigin.IMPORT: "It came from listings; later listings move it.",
    },
)

From = Annotated[datetime, strawberry.argument(name="from", description="From when: also what is on at that instant.")]
To = Annotated[datetime, strawberry.argument(name="to", description="Until before when; at most 8 days later.")]


@loads_node(Kind.SLOT, row=SlotRow)
async def visible_slots(context: Context, keys: Sequence[UUID]) -> list[SlotRow | None]:
    """Load slots of channels that the viewer may find."""
    slots = await domain.slots_by_id(context.reads, keys)
    channels = sorted({slot.channel_id for slot in slots if slot is not None})
    titles = await load_all(context, visible_titles, channels)
    shown = {id for id, title in zip(channels, titles, strict=True) if title is not None}
    return [slot if slot is not None and slot.channel_id in shown else None for slot in slots]


async def channels_schedules(
    context: Context, keys: Sequence[UUID], opens_at: datetime, closes_at: datetime
) -> list[list[SlotRow]]:
    """Load what channels show between two instants."""
    return await domain.schedules_of(context.reads, keys, opens_at=opens_at, closes_at=closes_at)


async def channels_now_and_next(context: Context, keys: Sequence[UUID]) -> list[NowAndNext]:
    """Load what channels show now and next."""
    return await domain.now_and_next(context.reads, keys)


async def channels_listings_ids(context: Context, keys: Sequence[UUID]) -> list[str | None]:
    """Load what channels are called in listings; only editors see it."""
    return await domain.listings_ids(context.reads, keys) if is_editor(context) else [None for _ in keys]


async def slots_texts(context: Context, keys: Sequence[UUID]) -> list[TextRow | None]:
    """Load the best text of each slot for this caller's languages."""
    return await domain.slot_texts(context.reads, keys, languages=context.caller.languages)


async def slots_translations(context: Context, keys: Sequence[UUID]) -> list[list[TextRow]]:
    """Load the texts of slots in every language."""
    return await domain.slot_translations(context.reads, keys)


def schedule_of(slots: list[SlotRow], context: Context, opens_at: From, closes_at: To) -> list[SlotRow]:
    """Return a schedule as it was loaded; here are the names of its arguments."""
    return slots


def _id_of(slot: SlotRow) -> UUID:
    return slot.id


@declares(TextRow)
@strawberry.type(description="What a programme is called and about, in one language.")
class SlotText:
    """A programme's texts in one language."""

    language: str = strawberry.field(description="The language, as a BCP 47 tag.")
    name: str = strawberry.field(description="What the programme is called.")
    subtitle: str = strawberry.field(description="What this part of it is called; may be empty.")
    synopsis: str = strawberry.field(description="What it is about; may be empty.")


@declares(SlotRow)
@strawberry.type(description="A programme on a channel's schedule. No two of a channel overlap.")
class ScheduleSlot(Node):
    """A slot. Its texts are in the best language for the caller, then in the channel's."""

    starts_at: datetime = strawberry.field(description="When it starts.")
    ends_at: datetime = strawberry.field(description="When it is over: the first instant after it.")
    name: str = batched(slots_texts, key=_id_of, shape="name", description="What it is called, in `language`.")
    subtitle: str = batched(
        slots_texts, key=_id_of, shape="subtitle", description="What this part of it is called; may be empty."
    )
    synopsis: str = batched(
        slots_texts, key=_id_of, shape="synopsis", description="What it is about, in `language`; may be empty."
    )
    language: str = batched(
        slots_texts, key=_id_of, shape="language", description="The language of name, subtitle and synopsis."
    )
    texts: list[SlotText] = batched(
        slots_translations, key=_id_of, list_size=3, description="Its texts in every language there is."
    )
    channel: Annotated["Title", strawberry.lazy("graph.catalog.titles")] | None = batched(  # type: ignore[name-defined]  # noqa: F821 - named only where it is made
        visible_titles, key=lambda slot: slot.channel_id, description="The channel; null when it is hidden."
    )
    title: Annotated["Title", strawberry.lazy("graph.catalog.titles")] | None = batched(  # type: ignore[name-defined]  # noqa: F821 - named only where it is made
        visible_titles,
        key=lambda slot: slot.programme.title_id,
        description="The title that it is a showing of; null when there is none that the viewer may find.",
    )
    season_number: int | None = derived(
        lambda slot, _: slot.programme.season_number, description="Which season it is of, from 1."
    )
    episode_number: int | None = derived(
        lambda slot, _: slot.programme.episode_number, description="Which episode of its season it is, from 1."
    )
    production_year: int | None = derived(
        lambda slot, _: slot.programme.production_year, description="The year it was made."
    )
    is_premiere: bool = derived(lambda slot, _: slot.programme.is_premiere, description="Whether it is shown first.")
    is_repeat: bool = derived(lambda slot, _: slot.programme.is_repeat, description="Whether it was shown before.")
    origin: SlotOrigin = strawberry.field(description="Who put it on the schedule.")
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")
