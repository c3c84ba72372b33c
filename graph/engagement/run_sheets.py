"""The run of show, at the desk of those who run it."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.engagement import run_sheets as verbs
from domain.engagement.run_item import (
    NewRunItem,
    NotFired,
    NothingToFire,
    RunItem,
    RunItemKind,
    RunSheet,
    RunSheetFull,
)
from domain.kernel.refusals import StaleVersion
from domain.kernel.work import Work
from domain.live import StreamNotLive
from graph.batching import derived
from graph.context import Context
from graph.engagement.announcing import TooManyMoments
from graph.engagement.hosting import LocalizedTextInput, texts_of
from graph.engagement.poll_refusals import BY_HOSTS, WrongPollState
from graph.engagement.polls import LocalizedText
from graph.enums import described
from graph.global_ids import Kind, global_id, read_id
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field
from graph.rows import declares

# Other modules', which have to be there before the results of firing an item are.
__all__ = ["MUTATIONS", "QUERIES", "TooManyMoments", "WrongPollState"]

described(
    RunItemKind,
    description="What firing an item of a run of show does.",
    values={
        RunItemKind.POLL: "It opens a poll.",
        RunItemKind.CHAPTER: "It begins a chapter.",
        RunItemKind.SHOUT_OUT: "It puts a text on the screen.",
        RunItemKind.NOTE: "Nothing: it is for hosts to read.",
    },
)


@problem(RunSheetFull, description="The run of show has as many items as it may. Remove one first.")
class RunOfShowFull(Problem):
    """A bound."""


@problem(NotFired, description="The item was not fired, or too long ago to be taken back.")
class ItemNotFired(Problem):
    """Nothing to take back."""


@problem(NothingToFire, description="The item is a note, which is only for hosts to read.")
class ItemIsNote(Problem):
    """Nothing to fire."""


@declares(RunItem)
@strawberry.type(description="One thing to show, prepared.")
class RunOfShowItem:
    """An item."""

    item_id: ID = derived(lambda item, _: global_id(Kind.RUN_ITEM, item.id), description="Name it by this id.")
    kind: RunItemKind = strawberry.field(description="What firing it does.")
    poll_id: ID | None = derived(
        lambda item, _: None if item.poll_id is None else global_id(Kind.POLL, item.poll_id),
        description="The poll that it opens.",
    )
    texts: list[LocalizedText] = derived(lambda item, _: item.text, description="What it says, in every language.")
    duration_s: int | None = strawberry.field(
        name="durationSeconds", description="Of a shout-out: how long it is on the screen."
    )
    fired_at: datetime | None = strawberry.field(description="When it was fired; null when it was not.")
    moment_id: ID | None = derived(
        lambda item, _: None if item.moment_id is None else global_id(Kind.MOMENT, item.moment_id),
        description="The moment that firing it made.",
    )


@declares(RunSheet)
@strawberry.type(description="What hosts have prepared to show in a stream, in order.")
class RunOfShow:
    """A run of show."""

    stream_id: ID = derived(lambda sheet, _: global_id(Kind.STREAM, sheet.stream_id), description="Of which stream.")
    version: int = strawberry.field(description="Grows with every edit. Name it in an edit to lose nobody else's.")
    items: list[RunOfShowItem] = strawberry.field(description="All items, up to 200, in their order.")


@strawberry.input(description="Something to put into a run of show.")
class AddRunItemInput:
    """An item to add."""

    stream_id: ID = strawberry.field(description="Of which stream.")
    expected_version: int = strawberry.field(description="The run of show's `version` as you know it.")
    kind: RunItemKind = strawberry.field(description="What firing it does.")
    poll_id: ID | None = strawberry.field(default=None, description="Of a POLL: which one; of the same stream.")
    text: list[LocalizedTextInput] = strawberry.field(
        default_factory=list, description="Of all others: up to 200 characters, in 1 to 20 languages."
    )
    duration_s: int | None = strawberry.field(
        name="durationSeconds", default=None, description="Of a SHOUT_OUT: 1 to 300 seconds on the screen, else 15."
    )
    position: int | None = strawberry.field(
        default=None, description="Where, counted from 0. Leave it out for the end."
    )


@strawberry.input(description="An item to put elsewhere.")
class MoveRunItemInput:
    """An item to move."""

    item_id: ID = strawberry.field(description="Which item.")
    expected_version: int = strawberry.field(description="The run of show's `version` as you know it.")
    position: int = strawberry.field(description="Where, counted from 0 among the others.")


@strawberry.input(description="An item to take out.")
class RemoveRunItemInput:
    """An item to remove."""

    item_id: ID = strawberry.field(description="Which item.")
    expected_version: int = strawberry.field(description="The run of show's `version` as you know it.")


@strawberry.input(description="An item to fire.")
class FireRunItemInput:
    """An item to fire."""

    item_id: ID = strawberry.field(description="Which item.")


@strawberry.input(description="An item whose effect to take back.")
class UnfireRunItemInput:
    """An item to unfire."""

    item_id: ID = strawberry.field(description="Which item.")


@strawberry.type(description="The run of show was edited.")
class RunOfShowEdited:
    """What editing a run of show gives."""

    run_of_show: RunOfShow = strawberry.field(description="The run of show as it is now.")


@strawberry.type(description="What the item is for has happened.")
class RunItemFired:
    """What fireRunItem gives."""

    item: RunOfShowItem = strawberry.field(description="The item as it is now.")


@strawberry.type(description="What the item did is taken back.")
class RunItemUnfired:
    """What unfireRunItem gives."""

    item: RunOfShowItem = strawberry.field(description="The item as it is now.")


@query_field(RunOfShow, description="What is prepared for a stream. Hosts of its title, and editors.")
async def run_of_show(
    context: Context, stream_id: Annotated[ID, strawberry.argument(description="Which stream.")]
) -> RunSheet:
    """Read a run of show."""
    return await verbs.run_of_show(context.reads, viewer=context.viewer, stream_id=read_id(Kind.STREAM, stream_id))


@mutation_field(
    RunOfShowEdited,
    refusals=(*BY_HOSTS, StaleVersion, RunSheetFull),
    description="Put something into a run of show. Hosts of the stream's title, and editors.",
)
async def add_run_item(
    work: Work,
    context: Context,
    input: Annotated[AddRunItemInput, strawberry.argument(description="The item.")],
) -> RunOfShowEdited:
    """Add an item."""
    poll_id = None if input.poll_id is None else read_id(Kind.POLL, input.poll_id)
    sheet = await verbs.add_run_item(
        work,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        expected_version=input.expected_version,
        new=NewRunItem(input.kind, poll_id, tuple(texts_of(input.text)), input.duration_s),
        position=input.position,
    )
    return RunOfShowEdited(run_of_show=shown(sheet))


@mutation_field(
    RunOfShowEdited,
    refusals=(*BY_HOSTS, StaleVersion),
    description="Put an item elsewhere in its run of show. Hosts of the stream's title, and editors.",
)
async def move_run_item(
    work: Work,
    context: Context,
    input: Annotated[MoveRunItemInput, strawberry.argument(description="The item, and where.")],
) -> RunOfShowEdited:
    """Move an item."""
    sheet = await verbs.move_run_item(
        work,
        viewer=context.viewer,
        item_id=read_id(Kind.RUN_ITEM, input.item_id),
        expected_version=input.expected_version,
        position=input.position,
    )
    return RunOfShowEdited(run_of_show=shown(sheet))


@mutation_field(
    RunOfShowEdited,
    refusals=(*BY_HOSTS, StaleVersion),
    description="Take an item out of its run of show; what it has shown stays. Hosts of the title, and editors.",
)
async def remove_run_item(
    work: Work,
    context: Context,
    input: Annotated[RemoveRunItemInput, strawberry.argument(description="The item.")],
) -> RunOfShowEdited:
    """Remove an item."""
    sheet = await verbs.remove_run_item(
        work,
        viewer=context.viewer,
        item_id=read_id(Kind.RUN_ITEM, input.item_id),
        expected_version=input.expected_version,
    )
    return RunOfShowEdited(run_of_show=shown(sheet))


@mutation_field(
    RunItemFired,
    refusals=(
        *BY_HOSTS, StaleVersion, StreamNotLive, NothingToFire, domain.TooManyMoments, domain.WrongPollState,
    ),
    description="Open an item's poll, or announce its chapter or shout-out, now. A second click changes nothing."
    " Hosts of the stream's title, and editors.",
)  # fmt: skip
async def fire_run_item(
    work: Work,
    context: Context,
    input: Annotated[FireRunItemInput, strawberry.argument(description="The item.")],
) -> RunItemFired:
    """Fire an item."""
    id = read_id(Kind.RUN_ITEM, input.item_id)
    return RunItemFired(item=shown(await verbs.fire_run_item(work, viewer=context.viewer, item_id=id)))


@mutation_field(
    RunItemUnfired,
    refusals=(*BY_HOSTS, StaleVersion, NotFired, domain.NothingToUndo),
    description="Take back what firing an item did, within ten seconds. Hosts of the stream's title, and editors.",
)
async def unfire_run_item(
    work: Work,
    context: Context,
    input: Annotated[UnfireRunItemInput, strawberry.argument(description="The item.")],
) -> RunItemUnfired:
    """Unfire an item."""
    id = read_id(Kind.RUN_ITEM, input.item_id)
    return RunItemUnfired(item=shown(await verbs.unfire_run_item(work, viewer=context.viewer, item_id=id)))


QUERIES = [run_of_show]
MUTATIONS = [add_run_item, move_run_item, remove_run_item, fire_run_item, unfire_run_item]
