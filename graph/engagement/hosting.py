"""Preparing polls, and the desk of those who run a show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import engagement as domain
from domain.accounts import Account, accounts_by_id
from domain.engagement import LocalText, NamedVote, NewOption, NewPoll, PollRules, Tally
from domain.engagement import Poll as PollRow
from domain.entitlements import Plan
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import StaleVersion
from domain.kernel.work import Work
from domain.live import StreamNotLive
from graph.batching import batched, derived
from graph.context import Context
from graph.engagement.poll_refusals import BY_HOSTS
from graph.engagement.polls import Poll, PollTally
from graph.engagement.vocabulary import PollKind, Reveal
from graph.global_ids import Kind, global_id, read_id
from graph.paging import After, Before, First, Last, connection_of
from graph.payloads import shown
from graph.root_fields import mutation_field, query_field
from graph.rows import declares


@dataclass(frozen=True)
class HostedPoll:
    """A poll as its hosts see it."""

    poll: PollRow


async def tallies(context: Context, keys: Sequence[UUID]) -> list[Tally | None]:
    """Load tallies for those who run the show: they have come by the poll as hosts."""
    return await domain.tallies_of(context.reads, keys)


@declares(HostedPoll)
@strawberry.type(description="A poll as those see it who run the show, with what others are not told yet.")
class HostPoll:
    """A poll at the host's desk."""

    poll: Poll = strawberry.field(description="The poll, as everybody sees it.")
    right_option_ids: list[ID] = derived(
        lambda row, _: [global_id(Kind.POLL_OPTION, option.id) for option in row.poll.options if option.is_right],
        description="The right answers, or what came true.",
    )
    tally: PollTally = batched(tallies, key=lambda row: row.poll.id, description="How the votes are, at any time.")
    undo_until: datetime | None = derived(
        lambda row, _: row.poll.undo_until,
        description="Until when the last act can be taken back; null when there is none.",
    )


@strawberry.input(description="A text in one language.")
class LocalizedTextInput:
    """A text."""

    language: str = strawberry.field(description="The language, as a BCP 47 tag.")
    text: str = strawberry.field(description="The text: a question of up to 300 characters, a label of up to 120.")


@strawberry.input(description="An answer to choose.")
class PollOptionInput:
    """An option."""

    label: list[LocalizedTextInput] = strawberry.field(description="What it says, 1 to 20 languages.")
    artwork_id: ID | None = strawberry.field(default=None, description="Its picture: one of the stream's title.")
    is_right: bool = strawberry.field(default=False, description="Of a QUIZ: whether it is a right answer.")


@strawberry.input(description="What the votes of a plan's holders weigh.")
class PlanWeightInput:
    """A weight."""

    plan: Plan = strawberry.field(description="Which plan.")
    weight: int = strawberry.field(description="What a vote weighs, 1 to 100. Without a plan it weighs 1.")


@strawberry.input(description="A question, its answers and its rules.")
class PollInput:
    """A poll."""

    kind: PollKind = strawberry.field(description="What sort of question it is.")
    question: list[LocalizedTextInput] = strawberry.field(
        description="What is asked, in 1 to 20 languages; the first is for who wants another."
    )
    options: list[PollOptionInput] = strawberry.field(
        default_factory=list, description="The answers, 2 to 20; none of a RATING."
    )
    grades: int | None = strawberry.field(default=None, description="Of a RATING: how many grades, 2 to 10.")
    min_choices: int = strawberry.field(default=1, description="Of a MULTIPLE: how many to choose at least.")
    max_choices: int = strawberry.field(default=1, description="Of a MULTIPLE or a QUIZ: how many at most.")
    points: int = strawberry.field(
        default=0, description="What a right answer of a QUIZ earns, or the highest stake of a PREDICTION."
    )
    reveal: Reveal = strawberry.field(default=Reveal.LIVE, description="Who sees results before it is revealed.")
    is_anonymous: bool = strawberry.field(default=True, description="Whether its hosts see nobody's vote.")
    allows_change: bool = strawberry.field(
        default=True, description="Whether a vote may be changed; of a PREDICTION never."
    )
    requires_playback: bool = strawberry.field(
        default=False, description="Whether voters have to name their playback session of the stream."
    )
    reveals_itself: bool = strawberry.field(
        default=False, description="Whether results are revealed as soon as they are final; of a PREDICTION never."
    )
    duration_s: int | None = strawberry.field(
        default=None, name="durationSeconds", description="How long it is open, 5 to 86,400; null until it is locked."
    )
    plans: list[Plan] | None = strawberry.field(default=None, description="Whose holders may vote; null: everybody.")
    territories: list[str] | None = strawberry.field(
        default=None, description="Where voters have to be, as ISO 3166-1 alpha-2 codes; null: anywhere."
    )
    weights: list[PlanWeightInput] = strawberry.field(
        default_factory=list, description="What votes weigh by plan; the heaviest counts."
    )


@strawberry.input(description="A poll to write down.")
class CreatePollInput:
    """A poll to create."""

    stream_id: ID = strawberry.field(description="The stream it is for.")
    poll: PollInput = strawberry.field(description="The poll.")


@strawberry.input(description="What a poll is to be that has not opened.")
class UpdatePollInput:
    """A poll to change."""

    poll_id: ID = strawberry.field(description="Which poll.")
    expected_version: int = strawberry.field(description="The poll's `version` as you know it.")
    poll: PollInput = strawberry.field(description="The poll. Its options are new ones.")


@strawberry.type(description="The poll is written down.")
class PollCreated:
    """What createPoll gives."""

    poll: HostPoll = strawberry.field(description="The new poll.")


@strawberry.type(description="The poll is another now.")
class PollUpdated:
    """What updatePoll gives."""

    poll: HostPoll = strawberry.field(description="The poll as it is now.")


@mutation_field(
    PollCreated,
    refusals=(*BY_HOSTS, StreamNotLive, domain.TooManyPolls),
    description="Write down a question to ask in a stream. Its hosts, and editors.",
)
async def create_poll(
    work: Work,
    context: Context,
    input: Annotated[CreatePollInput, strawberry.argument(description="The poll.")],
) -> PollCreated:
    """Create a poll."""
    stream_id = read_id(Kind.STREAM, input.stream_id)
    made = await domain.create_poll(work, viewer=context.viewer, stream_id=stream_id, new=_new(input.poll))
    return PollCreated(poll=shown(HostedPoll(made)))


@mutation_field(
    PollUpdated,
    refusals=(*BY_HOSTS, StaleVersion, domain.WrongPollState),
    description="Ask something else, or otherwise, while the poll has not opened. Hosts of the stream, and editors.",
)
async def update_poll(
    work: Work,
    context: Context,
    input: Annotated[UpdatePollInput, strawberry.argument(description="The poll.")],
) -> PollUpdated:
    """Change a poll."""
    changed = await domain.update_poll(
        work,
        viewer=context.viewer,
        poll_id=read_id(Kind.POLL, input.poll_id),
        expected_version=input.expected_version,
        new=_new(input.poll),
    )
    return PollUpdated(poll=shown(HostedPoll(changed)))


async def voters(context: Context, keys: Sequence[UUID]) -> list[Account | None]:
    """Load who has voted, for those who may know; those who have left have no name any more."""
    found = await accounts_by_id(context.reads, keys)
    return [None if account is None or account.erased_at is not None else account for account in found]


@declares(NamedVote)
@strawberry.type(description="A vote of a poll that is not anonymous, as its hosts see it.")
class NamedPollVote:
    """Who voted how."""

    name: str | None = batched(
        voters, key=lambda row: row.vote.voter_id, shape="display_name", description="Who; null when they have left."
    )
    option_ids: list[ID] = derived(
        lambda row, _: [global_id(Kind.POLL_OPTION, choice) for choice in row.vote.choices],
        description="What was chosen, in no order.",
    )
    weight: int = derived(lambda row, _: row.vote.weight, description="What it weighs.")
    stake: int = derived(lambda row, _: row.vote.stake, description="How many points are staked with it.")
    cast_at: datetime = derived(lambda row, _: row.vote.cast_at, description="When it was cast, or last changed.")


NamedPollVoteConnection = connection_of(NamedPollVote, plural="votes")


@query_field(
    NamedPollVoteConnection,
    description="Who voted how in a poll that is not anonymous. Hosts of its stream, and editors; of an anonymous poll"
    " nobody.",
)
async def poll_votes(
    context: Context,
    poll_id: Annotated[ID, strawberry.argument(description="Which poll.")],
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[NamedVote]:
    """List votes for hosts."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await domain.votes_of_poll(
        context.reads, viewer=context.viewer, poll_id=read_id(Kind.POLL, poll_id), page=page
    )


@query_field(
    list[HostPoll], description="All polls of a stream, the newest first, drafts too. Hosts of it, and editors."
)
async def host_polls(
    context: Context,
    stream_id: Annotated[ID, strawberry.argument(description="Which stream.")],
    first: Annotated[int, strawberry.argument(description="How many at most; 1 to 500.")] = 100,
) -> list[HostedPoll]:
    """List polls for hosts."""
    id = read_id(Kind.STREAM, stream_id)
    found = await domain.hosts_polls(context.reads, viewer=context.viewer, stream_id=id, limit=first)
    return [HostedPoll(one) for one in found]


def _new(given: PollInput) -> NewPoll:
    rules = PollRules(
        min_choices=given.min_choices,
        max_choices=given.max_choices,
        points=given.points,
        reveal=given.reveal,
        is_anonymous=given.is_anonymous,
        allows_change=given.allows_change,
        requires_playback=given.requires_playback,
        reveals_itself=given.reveals_itself,
        duration_s=given.duration_s,
        plans=None if given.plans is None else tuple(given.plans),
        territories=None if given.territories is None else tuple(given.territories),
        weights={one.plan: one.weight for one in given.weights},
    )
    return NewPoll(given.kind, texts_of(given.question), [_option(one) for one in given.options], rules, given.grades)


def _option(given: PollOptionInput) -> NewOption:
    artwork_id = None if given.artwork_id is None else read_id(Kind.ARTWORK, given.artwork_id)
    return NewOption(texts_of(given.label), artwork_id, given.is_right)


def texts_of(given: Sequence[LocalizedTextInput]) -> list[LocalText]:
    """Return texts as the domain takes them."""
    return [LocalText(text.language, text.text) for text in given]
