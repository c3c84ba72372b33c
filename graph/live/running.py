"""Preparing, starting and ending streams."""

from typing import Annotated

import strawberry
from strawberry import ID

from domain import live as domain
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from domain.live.stream import MAX_LATENCY_S, StreamState
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.live.streams import LiveStream
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field

_BY_HOSTS = (InvalidInput, NotFound, SignInRequired, Forbidden)


@problem(domain.NotAShow, description="The title is neither a channel nor a live event, so it never goes live.")
class NotAShow(Problem):
    """No show."""

    title_id: str = strawberry.field(description="Which title, as the service knows it.")


@problem(domain.StreamNotPrepared, description="The stream went live before. Prepare another one.")
class StreamNotPrepared(Problem):
    """It went live before."""

    state: StreamState = strawberry.field(description="How far it is.")


@problem(domain.StreamNotLive, description="The stream is not on air.")
class StreamNotLive(Problem):
    """It is not on air."""

    state: StreamState = strawberry.field(description="How far it is.")


@problem(domain.TitleOnAir, description="Another stream of the title is on air. End it first.")
class TitleOnAir(Problem):
    """One clock for one picture."""


@strawberry.input(description="A show to prepare.")
class PrepareStreamInput:
    """A stream to prepare."""

    title_id: ID = strawberry.field(description="Which channel or live event it is a show of.")
    asset_id: ID = strawberry.field(description="What it sends, over and over: an asset that is ready.")
    name: str = strawberry.field(description="What hosts call it; 1 to 200 characters.")
    max_latency_s: int = strawberry.field(
        name="maxLatencySeconds",
        default=MAX_LATENCY_S,
        description="How far behind the slowest viewer may be who still takes part; 1 to 600.",
    )


@strawberry.input(description="A stream to start.")
class StartStreamInput:
    """A stream, and the version that is meant."""

    stream_id: ID = strawberry.field(description="Which stream.")
    expected_version: int = strawberry.field(description="The stream's `version` as you know it.")


@strawberry.input(description="A stream to end.")
class EndStreamInput:
    """A stream, and the version that is meant."""

    stream_id: ID = strawberry.field(description="Which stream.")
    expected_version: int = strawberry.field(description="The stream's `version` as you know it.")


@strawberry.type(description="The show is prepared.")
class StreamPrepared:
    """What prepareStream gives."""

    stream: LiveStream = strawberry.field(description="The new stream.")


@strawberry.type(description="The stream is on air.")
class StreamStarted:
    """What startStream gives."""

    stream: LiveStream = strawberry.field(description="The stream as it is now.")


@strawberry.type(description="The stream is over.")
class StreamEnded:
    """What endStream gives."""

    stream: LiveStream = strawberry.field(description="The stream as it is now.")


@mutation_field(
    StreamPrepared,
    refusals=(*_BY_HOSTS, domain.NotAShow),
    description="Prepare a show of a channel or live event. Its hosts, and editors.",
)
async def prepare_stream(
    work: Work,
    context: Context,
    input: Annotated[PrepareStreamInput, strawberry.argument(description="The show.")],
) -> StreamPrepared:
    """Prepare a stream."""
    stream = await domain.prepare_stream(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        asset_id=read_id(Kind.ASSET, input.asset_id),
        name=input.name,
        max_latency_s=input.max_latency_s,
    )
    return StreamPrepared(stream=shown(stream))


@mutation_field(
    StreamStarted,
    refusals=(*_BY_HOSTS, StaleVersion, domain.StreamNotPrepared, domain.TitleOnAir),
    description="Go on air: from now on the programme clock runs. Hosts of the title, and editors.",
)
async def start_stream(
    work: Work,
    context: Context,
    input: Annotated[StartStreamInput, strawberry.argument(description="The stream.")],
) -> StreamStarted:
    """Start a stream."""
    stream = await domain.start_stream(
        work,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        expected_version=input.expected_version,
    )
    return StreamStarted(stream=shown(stream))


@mutation_field(
    StreamEnded,
    refusals=(*_BY_HOSTS, StaleVersion, domain.StreamNotLive),
    description="Go off air. Hosts of the title, and editors.",
)
async def end_stream(
    work: Work,
    context: Context,
    input: Annotated[EndStreamInput, strawberry.argument(description="The stream.")],
) -> StreamEnded:
    """End a stream."""
    stream = await domain.end_stream(
        work,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        expected_version=input.expected_version,
    )
    return StreamEnded(stream=shown(stream))
