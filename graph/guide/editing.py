"""Schedules as editors make them by hand."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import guide as domain
from domain.guide import Programme
from domain.guide import SlotText as TextRow
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.batching import batched
from graph.catalog.titles import Title
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.guide.slots import ScheduleSlot
from graph.loads import visible_titles
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field

_BY_EDITORS = (InvalidInput, NotFound, SignInRequired, Forbidden)


@problem(domain.NotAChannel, description="The title is no channel, so it has no schedule.")
class NotAChannel(Problem):
    """No channel."""


@problem(domain.SlotOverlaps, description="The channel shows something else then. Move or remove that first.")
class SlotOverlaps(Problem):
    """There is such a slot."""

    starts_at: datetime = strawberry.field(description="When the other programme starts.")
    ends_at: datetime = strawberry.field(description="When the other programme is over.")


@problem(domain.ListingsIdTaken, description="Another channel is called so in listings.")
class ListingsIdTaken(Problem):
    """There is such a channel."""

    listings_id: str = strawberry.field(description="What it is called.")


@strawberry.input(description="A programme's text in one language.")
class SlotTextInput:
    """A text."""

    language: str = strawberry.field(description="The language, as a BCP 47 tag.")
    name: str = strawberry.field(description="What the programme is called; 1 to 200 characters.")
    subtitle: str = strawberry.field(default="", description="What this part of it is called; up to 200 characters.")
    synopsis: str = strawberry.field(default="", description="What it is about; up to 5,000 characters.")


@strawberry.input(description="A programme, and when it is shown.")
class ProgrammeInput:
    """A programme and its time."""

    starts_at: datetime = strawberry.field(description="When it starts, within a year of now.")
    ends_at: datetime = strawberry.field(description="The first instant after it, at most 24 hours on.")
    texts: list[SlotTextInput] = strawberry.field(description="Its texts, 1 to 20, one for each language.")
    title_id: ID | None = strawberry.field(default=None, description="The title that it is a showing of.")
    season_number: int | None = strawberry.field(default=None, description="Which season it is of, from 1.")
    episode_number: int | None = strawberry.field(default=None, description="Which episode it is, from 1.")
    production_year: int | None = strawberry.field(default=None, description="The year it was made.")
    is_premiere: bool = strawberry.field(default=False, description="Whether it is a first showing.")
    is_repeat: bool = strawberry.field(default=False, description="Whether it was shown before.")


@strawberry.input(description="A programme to put on a channel's schedule.")
class PlaceSlotInput:
    """A slot to place."""

    channel_id: ID = strawberry.field(description="Which channel: a title of the kind CHANNEL.")
    programme: ProgrammeInput = strawberry.field(description="What it shows, and when.")


@strawberry.input(description="What a slot is to be.")
class ChangeSlotInput:
    """A slot to change."""

    slot_id: ID = strawberry.field(description="Which slot.")
    expected_version: int = strawberry.field(description="The slot's `version` as you know it.")
    programme: ProgrammeInput = strawberry.field(description="What is shown, and when, in place of what was.")


@strawberry.input(description="A slot to take off the schedule.")
class RemoveSlotInput:
    """A slot to remove."""

    slot_id: ID = strawberry.field(description="Which slot.")
    expected_version: int = strawberry.field(description="The slot's `version` as you know it.")


@strawberry.input(description="What a channel is called in listings.")
class LinkChannelInput:
    """A channel to link."""

    channel_id: ID = strawberry.field(description="Which channel: a title of the kind CHANNEL.")
    listings_id: str | None = strawberry.field(
        default=None, description="The `id` of the channel in XMLTV files; leave out to import nothing any more."
    )


@strawberry.type(description="The programme is on the schedule.")
class SlotPlaced:
    """What placeSlot gives."""

    slot: ScheduleSlot = strawberry.field(description="The new slot.")


@strawberry.type(description="The slot is another now.")
class SlotChanged:
    """What changeSlot gives."""

    slot: ScheduleSlot = strawberry.field(description="The slot as it is now.")


@strawberry.type(description="The slot is gone.")
class SlotRemoved:
    """What removeSlot gives."""

    channel_key: strawberry.Private[UUID]
    channel: Title = batched(
        visible_titles, key=lambda removed: removed.channel_key, description="The channel it was on."
    )


@strawberry.type(description="Imports bring what is called so from now on.")
class ChannelLinked:
    """What linkChannel gives."""

    channel_key: strawberry.Private[UUID]
    channel: Title = batched(visible_titles, key=lambda linked: linked.channel_key, description="The channel.")


@mutation_field(
    SlotPlaced,
    refusals=(*_BY_EDITORS, domain.NotAChannel, domain.SlotOverlaps),
    description="Put a programme on a channel's schedule. Editors only.",
)
async def place_slot(
    work: Work,
    context: Context,
    input: Annotated[PlaceSlotInput, strawberry.argument(description="The programme.")],
) -> SlotPlaced:
    """Place a slot."""
    slot = await domain.place_slot(
        work,
        viewer=context.viewer,
        channel_id=read_id(Kind.TITLE, input.channel_id),
        starts_at=input.programme.starts_at,
        ends_at=input.programme.ends_at,
        programme=_programme(input.programme),
    )
    return SlotPlaced(slot=shown(slot))


@mutation_field(
    SlotChanged,
    refusals=(*_BY_EDITORS, StaleVersion, domain.SlotOverlaps),
    description="Give a slot another time and programme; imports leave it alone from then on. Editors only.",
)
async def change_slot(
    work: Work,
    context: Context,
    input: Annotated[ChangeSlotInput, strawberry.argument(description="The slot.")],
) -> SlotChanged:
    """Change a slot."""
    slot = await domain.change_slot(
        work,
        viewer=context.viewer,
        slot_id=read_id(Kind.SLOT, input.slot_id),
        expected_version=input.expected_version,
        starts_at=input.programme.starts_at,
        ends_at=input.programme.ends_at,
        programme=_programme(input.programme),
    )
    return SlotChanged(slot=shown(slot))


@mutation_field(
    SlotRemoved,
    refusals=(NotFound, SignInRequired, Forbidden, StaleVersion),
    description="Take a programme off the schedule. Editors only.",
)
async def remove_slot(
    work: Work,
    context: Context,
    input: Annotated[RemoveSlotInput, strawberry.argument(description="The slot.")],
) -> SlotRemoved:
    """Remove a slot."""
    channel_id = await domain.remove_slot(
        work,
        viewer=context.viewer,
        slot_id=read_id(Kind.SLOT, input.slot_id),
        expected_version=input.expected_version,
    )
    return SlotRemoved(channel_key=channel_id)


@mutation_field(
    ChannelLinked,
    refusals=(*_BY_EDITORS, domain.NotAChannel, domain.ListingsIdTaken),
    description="Say what a channel is called in XMLTV listings, so that imports bring its programmes. Editors only.",
)
async def link_channel(
    work: Work,
    context: Context,
    input: Annotated[LinkChannelInput, strawberry.argument(description="The channel.")],
) -> ChannelLinked:
    """Link a channel."""
    channel_id = await domain.link_channel(
        work,
        viewer=context.viewer,
        channel_id=read_id(Kind.TITLE, input.channel_id),
        listings_id=input.listings_id,
    )
    return ChannelLinked(channel_key=channel_id)


def _programme(given: ProgrammeInput) -> Programme:
    return Programme(
        texts=tuple(TextRow(text.language, text.name, text.subtitle, text.synopsis) for text in given.texts),
        title_id=None if given.title_id is None else read_id(Kind.TITLE, given.title_id),
        season_number=given.season_number,
        episode_number=given.episode_number,
        production_year=given.production_year,
        is_premiere=given.is_premiere,
        is_repeat=given.is_repeat,
    )
