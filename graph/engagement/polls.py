"""Polls as everybody sees them alike: nothing here may depend on who asks, but for their languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.catalog import best_text
from domain.engagement import LocalText, OptionTally, PollOption, Tally
from domain.engagement import Poll as PollRow
from domain.entitlements import Plan
from domain.media.artwork import Artwork
from domain.media.artworks import artworks_by_id
from graph.artwork import WIDTH_DEFAULT, Format, Image, Shown, Width, images_of
from graph.batching import batched, derived
from graph.context import Context
from graph.engagement.vocabulary import PollKind, PollState, Reveal
from graph.global_ids import Kind, global_id, load_node, loads_node
from graph.nodes import Node
from graph.root_fields import query_field
from graph.rows import declares


@dataclass(frozen=True)
class OptionRow:
    """An option of a poll, as much of it as may be shown. `is_right` is None while that is a secret."""

    option: PollOption
    is_right: bool | None

    @property
    def id(self) -> UUID:
        """What it is chosen by."""
        return self.option.id


@loads_node(Kind.POLL, row=PollRow)
async def visible_polls(context: Context, keys: Sequence[UUID]) -> list[PollRow | None]:
    """Load polls of streams that the viewer may find; drafts for hosts."""
    return await domain.visible_polls(context.reads, keys, viewer=context.viewer)


@loads_node(Kind.POLL_OPTION, row=OptionRow)
async def visible_options(context: Context, keys: Sequence[UUID]) -> list[OptionRow | None]:
    """Load options of polls that the viewer may find."""
    polls = await domain.polls_of_options(context.reads, keys, viewer=context.viewer)
    found = {row.id: row for poll in polls if poll is not None for row in options_of(poll)}
    return [found.get(key) for key in keys]


async def shown_tallies(context: Context, keys: Sequence[PollRow]) -> list[Tally | None]:
    """Load the tallies that everybody may see."""
    return await domain.shown_tallies(context.reads, keys)


async def artworks(context: Context, keys: Sequence[UUID]) -> list[Artwork | None]:
    """Load the pictures of options: whoever sees the option sees its picture."""
    return await artworks_by_id(context.reads, keys)


def image_of(
    artwork: Artwork | None, context: Context, width: Width = WIDTH_DEFAULT, format: Format = None
) -> Shown | None:
    """Return the smallest file that is wide enough, or the widest."""
    files = [] if artwork is None else images_of(artwork, context)
    fitting = [file for file in files if file.format is format] or files
    if not fitting:
        return None
    wide = [file for file in fitting if file.width >= width]
    return min(wide, key=lambda file: file.width) if wide else max(fitting, key=lambda file: file.width)


def best(texts: Sequence[LocalText], context: Context) -> LocalText | None:
    """Return a text in the caller's best language, else in the first that its host gave."""
    if not texts:
        return None
    return best_text(texts, wanted=context.caller.languages, default=texts[0].language)


def options_of(poll: PollRow) -> list[OptionRow]:
    """Return a poll's options; which are right is told with the results."""
    is_told = poll.is_decided
    return [OptionRow(option, option.is_right if is_told else None) for option in poll.options]


def _label(row: OptionRow, context: Context) -> str:
    text = best(row.option.label, context)
    return str(row.option.number) if text is None else text.text


def _question(poll: PollRow, context: Context) -> LocalText:
    text = best(poll.question, context)
    assert text is not None, "a question has a text"
    return text


@declares(LocalText)
@strawberry.type(description="A text in one language.")
class LocalizedText:
    """A text."""

    language: str = strawberry.field(description="The language, as a BCP 47 tag.")
    text: str = strawberry.field(description="The text.")


@declares(OptionTally)
@strawberry.type(description="How the votes for one option are.")
class PollOptionTally:
    """Votes of an option."""

    option_id: ID = derived(
        lambda tally, _: global_id(Kind.POLL_OPTION, tally.option_id), is_shared=True, description="Which option."
    )
    votes: int = strawberry.field(description="How many chose it.")
    weight: int = strawberry.field(description="Their sum by weight; the same as `votes` where all weigh 1.")
    stake: int = strawberry.field(description="Of a PREDICTION: how many points are staked on it.")


@declares(Tally)
@strawberry.type(description="How the votes of a poll are. Always the exact sum of the votes that were acknowledged.")
class PollTally:
    """Votes of a poll."""

    voters: int = strawberry.field(description="How many have voted.")
    options: list[PollOptionTally] = strawberry.field(description="All options, in their order.")
    average: float | None = derived(
        lambda tally, _: tally.average,
        is_shared=True,
        description="The mean number of the options that were chosen, by weight: the grade of a RATING. Null while"
        " nobody has voted.",
    )


@declares(OptionRow)
@strawberry.type(name="PollOption", description="An answer to choose.")
class PollOptionType(Node):
    """An option."""

    number: int = derived(
        lambda row, _: row.option.number, is_shared=True, description="Its place, from 1; of a RATING its grade."
    )
    label: str = derived(_label, is_shared=True, description="What it says, in the caller's best language.")
    labels: list[LocalizedText] = derived(
        lambda row, _: row.option.label,
        is_shared=True,
        list_size=2,
        description="What it says in every language there is.",
    )
    image: Image | None = batched(
        artworks,
        key=lambda row: row.option.artwork_id,
        shape=image_of,
        is_shared=True,
        description="Its picture, if it has one.",
    )
    is_right: bool | None = strawberry.field(
        description="Whether it is a right answer, or came true; null until the results are shown."
    )


@declares(PollRow)
@strawberry.type(
    description="A question of a stream. The same for everybody who may see it; one's own vote is ownVote."
)
class Poll(Node):
    """A poll."""

    stream_id: ID = derived(
        lambda poll, _: global_id(Kind.STREAM, poll.stream_id), is_shared=True, description="The stream it is of."
    )
    kind: PollKind = strawberry.field(description="What sort of question it is.")
    state: PollState = strawberry.field(description="How far it is.")
    question: str = derived(
        lambda poll, context: _question(poll, context).text,
        is_shared=True,
        description="What is asked, in the caller's best language.",
    )
    language: str = derived(
        lambda poll, context: _question(poll, context).language, is_shared=True, description="The question's language."
    )
    questions: list[LocalizedText] = derived(
        lambda poll, _: poll.question,
        is_shared=True,
        list_size=2,
        description="What is asked in every language there is.",
    )
    options: list[PollOptionType] = derived(
        lambda poll, _: options_of(poll), is_shared=True, list_size=4, description="The answers, in order."
    )
    min_choices: int = derived(
        lambda poll, _: poll.rules.min_choices, is_shared=True, description="How many to choose at least."
    )
    max_choices: int = derived(
        lambda poll, _: poll.rules.max_choices, is_shared=True, description="How many to choose at most."
    )
    points: int = derived(
        lambda poll, _: poll.rules.points,
        is_shared=True,
        description="What a right answer of a QUIZ earns, and the highest stake of a PREDICTION.",
    )
    reveal: Reveal = derived(
        lambda poll, _: poll.rules.reveal, is_shared=True, description="Who sees results before it is revealed."
    )
    is_anonymous: bool = derived(
        lambda poll, _: poll.rules.is_anonymous,
        is_shared=True,
        description="Whether its hosts see nobody's vote; otherwise they may see who voted how.",
    )
    allows_change: bool = derived(
        lambda poll, _: poll.rules.allows_change, is_shared=True, description="Whether a vote may be changed."
    )
    requires_playback: bool = derived(
        lambda poll, _: poll.rules.requires_playback,
        is_shared=True,
        description="Whether a vote has to name the voter's playback session of the stream.",
    )
    duration_seconds: int | None = derived(
        lambda poll, _: poll.rules.duration_s,
        is_shared=True,
        description="How long it is open, in seconds; null until its host locks it.",
    )
    plans: list[Plan] = derived(
        lambda poll, _: poll.rules.plans or (), is_shared=True, description="Whose holders may vote; none: everybody."
    )
    territories: list[str] = derived(
        lambda poll, _: poll.rules.territories or (),
        is_shared=True,
        description="Where voters have to be, as ISO 3166-1 alpha-2 codes; none: anywhere.",
    )
    opens_at: datetime | None = strawberry.field(
        description="From which instant of the programme on votes count. Show it when the playhead is there."
    )
    locks_at: datetime | None = strawberry.field(
        description="Until which instant of the programme votes count; null while no end is set."
    )
    final_at: datetime | None = derived(
        lambda poll, _: poll.final_at,
        is_shared=True,
        description="When the slowest viewer has had the same time, and results may be revealed.",
    )
    is_cancelled: bool = strawberry.field(description="Whether it was called off.")
    tally: PollTally | None = batched(
        shown_tallies,
        key=lambda poll: poll,
        is_shared=True,
        description="How the votes are; null while not everybody may see it.",
    )
    version: int = strawberry.field(description="Grows with every act of a host. Name it in a change.")


@query_field(Poll | None, description="The poll with this id; null when there is none that the viewer may see.")
async def poll(context: Context, id: Annotated[ID, strawberry.argument(description="Its id.")]) -> PollRow | None:
    """Find a poll."""
    found: PollRow | None = await load_node(context, id, only=Kind.POLL)
    return found
