"""What can be gone on with, and why something plays or not."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain import playback as domain
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired
from domain.playback import PlaybackExplanation as ExplanationRow
from domain.playback import ResumePoint as ResumeRow
from domain.playback.looking import CONTINUE_MAX
from graph.batching import batched, load_all
from graph.catalog import Title
from graph.context import Context
from graph.entitlements import AccessDecision
from graph.global_ids import Kind, read_id
from graph.loads import visible_titles
from graph.playback.sessions import ResumePoint
from graph.root_fields import query_field
from graph.rows import declares

CONTINUE_DEFAULT = 20


@strawberry.input(one_of=True, description="A title, or a session.")
class ExplainPlaybackInput:
    """What to explain."""

    title_id: ID | None = strawberry.field(default=strawberry.UNSET, description="Which title; decided as of now.")
    session_id: ID | None = strawberry.field(
        default=strawberry.UNSET, description="Which session; also replays what was decided at its start."
    )


@declares(ExplanationRow)
@strawberry.type(description="Why a title may or may not be played.")
class PlaybackExplanation:
    """An explanation."""

    decision: AccessDecision = strawberry.field(description="What is decided at this instant.")
    as_of: datetime = strawberry.field(description="This instant.")
    title: Title | None = batched(
        visible_titles, key=lambda row: row.title_id, description="The title; null if the viewer may not find it."
    )
    recorded: AccessDecision | None = strawberry.field(
        description="What was decided when the session started, replayed; null for a title."
    )


@query_field(
    list[ResumePoint],
    description="What the viewer's profile has begun and not finished, the last watched first. Empty for strangers.",
)
async def continue_watching(
    context: Context,
    first: Annotated[int, strawberry.argument(description="How many, 1 to 50.")] = CONTINUE_DEFAULT,
) -> list[ResumeRow]:
    """List what can be gone on with, as far as it can be found."""
    if not 1 <= first <= CONTINUE_MAX:
        raise InvalidInput("first", f"Ask for 1 to {CONTINUE_MAX} rows.")
    if context.viewer is None:
        return []
    points = await domain.continue_watching(context.reads, profile_id=context.viewer.profile_id, limit=first)
    titles = await load_all(context, visible_titles, [point.title_id for point in points])
    return [point for point, title in zip(points, titles, strict=True) if title is not None]


@query_field(
    PlaybackExplanation,
    refusals=(InvalidInput, NotFound, SignInRequired),
    description="Say why the viewer may or may not play a title.",
)
async def explain_playback(
    context: Context,
    input: Annotated[ExplainPlaybackInput, strawberry.argument(description="The title or the session.")],
) -> ExplanationRow:
    """Explain a decision."""
    return await domain.explain_playback(
        context.reads,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id) if input.title_id else None,
        session_id=read_id(Kind.PLAYBACK_SESSION, input.session_id) if input.session_id else None,
    )
