"""Questions of a show's audience, as everybody sees them alike, and what is done with them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain.accounts import TooManyAttempts
from domain.engagement import chat as rules
from domain.engagement import question as nouns
from domain.engagement import questions as domain
from domain.engagement.question import Question as QuestionRow
from domain.engagement.question import QuestionState
from domain.engagement.questions import OwnQuestions as OwnQuestionsRow
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.batching import batched, derived
from graph.context import Context
from graph.engagement.chat import authors
from graph.enums import described
from graph.global_ids import Kind, global_id, loads_node, read_id
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field, stepwise_mutation_field
from graph.rows import declares

# Many upvotes are written in one transaction.
UPVOTE_COST = 2

described(
    QuestionState,
    description="How far a question is.",
    values={
        QuestionState.PENDING: "A moderator has not looked at it yet: its author and moderators see it.",
        QuestionState.APPROVED: "Everybody sees it.",
        QuestionState.ANSWERED: "It was answered, and everybody sees it.",
        QuestionState.HIDDEN: "Its author and moderators see it.",
    },
)


@problem(nouns.TooManyQuestions, description="So many of the viewer's questions wait for a moderator.")
class TooManyQuestions(Problem):
    """They wait."""

    max: int = strawberry.field(description="How many may wait at a time.")


@problem(nouns.QuestionNotShown, description="Only what everybody sees is pinned.")
class QuestionNotShown(Problem):
    """Approve it first."""

    state: QuestionState = strawberry.field(description="How far the question is.")


@loads_node(Kind.QUESTION, row=QuestionRow)
async def visible_questions(context: Context, keys: Sequence[UUID]) -> list[QuestionRow | None]:
    """Load questions that everybody sees, the viewer's own, and those of shows that the viewer moderates."""
    return await domain.visible_questions(context.reads, keys, viewer=context.viewer)


@declares(QuestionRow)
@strawberry.type(description="What somebody of the audience asks in a show.")
class Question(Node):
    """A question."""

    stream_id: ID = derived(
        lambda question, _: global_id(Kind.STREAM, question.stream_id), is_shared=True, description="The show it is of."
    )
    text: str = strawberry.field(description="What is asked.")
    state: QuestionState = strawberry.field(description="How far it is.")
    is_pinned: bool = strawberry.field(description="Whether it is on top.")
    upvotes: int = strawberry.field(description="How many accounts want it answered.")
    author_name: str | None = batched(
        authors,
        key=lambda question: question.profile_id,
        shape="name",
        is_shared=True,
        description="What the author's profile is called; null when it is gone.",
    )
    author_key: str = strawberry.field(
        description="The same for all that one account writes in this show, and for nothing else."
    )
    asked_at: datetime = strawberry.field(description="When it was asked.")
    version: int = strawberry.field(
        description="Grows with everything moderators do to it. Name it in a change to lose nobody else's."
    )


@declares(OwnQuestionsRow)
@strawberry.type(description="What the viewer asked and upvoted in a show.")
class OwnQuestions:
    """One's own."""

    asked: list[Question] = strawberry.field(description="What the viewer asked, the newest first, whatever its state.")
    upvoted_ids: list[ID] = derived(
        lambda own, _: [global_id(Kind.QUESTION, id) for id in own.upvoted_ids],
        description="Which questions the viewer has upvoted.",
    )


QuestionConnection = connection_of(Question, plural="questions")

_StreamId = Annotated[ID, strawberry.argument(description="Which show.")]


@query_field(
    QuestionConnection,
    description="The questions of a show, the best ranked first: pinned, then by upvotes. NOT_FOUND as an error when"
    " there is no such show, or none that the viewer may find.",
)
async def questions(
    context: Context,
    stream_id: _StreamId,
    states: Annotated[
        list[QuestionState] | None,
        strawberry.argument(
            description="Only these; APPROVED and ANSWERED unless given. Others are for those who moderate the show."
        ),
    ] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[QuestionRow]:
    """List questions."""
    return await domain.ranked_questions(
        context.reads,
        read_id(Kind.STREAM, stream_id),
        viewer=context.viewer,
        request=PageRequest.parse(first=first, after=after, last=last, before=before),
        states=states,
    )


@query_field(OwnQuestions, description="What the viewer asked and upvoted in a show.")
async def own_questions(context: Context, stream_id: _StreamId) -> OwnQuestionsRow:
    """List one's own questions."""
    return await domain.own_questions(context.reads, read_id(Kind.STREAM, stream_id), viewer=context.viewer)


@strawberry.input(description="A question to ask.")
class AskQuestionInput:
    """A question."""

    stream_id: ID = strawberry.field(description="Which show.")
    client_id: str = strawberry.field(
        description="Your own name for this question, 1 to 64 characters: asked again with it, it is there once."
    )
    text: str = strawberry.field(description="1 to 300 characters.")


@strawberry.input(description="A question to upvote.")
class UpvoteQuestionInput:
    """A wish to have it answered."""

    question_id: ID = strawberry.field(description="Which question.")
    is_wanted: bool = strawberry.field(default=True, description="False takes the upvote back.")


@strawberry.input(description="What becomes of a question. What is left out stays.")
class ModerateQuestionInput:
    """A moderator's decision."""

    question_id: ID = strawberry.field(description="Which question.")
    expected_version: int = strawberry.field(description="The question's `version` as you know it.")
    state: QuestionState | None = strawberry.field(default=None, description="Where to move it.")
    is_pinned: bool | None = strawberry.field(
        default=None, description="Whether it goes on top, in place of the one before."
    )


@strawberry.type(description="A moderator will look at the question.")
class QuestionAsked:
    """What askQuestion gives."""

    question: Question = strawberry.field(description="The question.")


@strawberry.type(description="The upvote is counted, or taken back.")
class QuestionUpvoted:
    """What upvoteQuestion gives."""

    question: Question = strawberry.field(description="The question with its upvotes.")


@strawberry.type(description="The question is moved, or pinned.")
class QuestionModerated:
    """What moderateQuestion gives."""

    question: Question = strawberry.field(description="The question as it is now.")


@mutation_field(
    QuestionAsked,
    refusals=(
        InvalidInput, NotFound, SignInRequired, rules.ChatClosed, rules.TimedOut, rules.WordsBlocked,
        nouns.TooManyQuestions,
    ),
    description="Ask something in a show. A moderator looks at it first.",
)  # fmt: skip
async def ask_question(
    work: Work, context: Context, input: Annotated[AskQuestionInput, strawberry.argument(description="The question.")]
) -> QuestionAsked:
    """Ask."""
    question = await domain.ask_question(
        work,
        viewer=context.viewer,
        stream_id=read_id(Kind.STREAM, input.stream_id),
        text=input.text,
        client_id=input.client_id,
    )
    return QuestionAsked(question=shown(question))


@stepwise_mutation_field(
    QuestionUpvoted,
    refusals=(NotFound, SignInRequired, TooManyAttempts),
    cost=UPVOTE_COST,
    description="Want a question answered. An account counts once, however often it asks; answered once it is durable.",
)
async def upvote_question(
    context: Context, input: Annotated[UpvoteQuestionInput, strawberry.argument(description="The question.")]
) -> QuestionUpvoted:
    """Upvote."""
    id = read_id(Kind.QUESTION, input.question_id)
    question = await domain.upvote_question(
        context.runtime, viewer=context.viewer, question_id=id, is_wanted=input.is_wanted
    )
    return QuestionUpvoted(question=shown(question))


@mutation_field(
    QuestionModerated,
    refusals=(NotFound, SignInRequired, Forbidden, StaleVersion, nouns.QuestionNotShown),
    description="Let a question through, hide it, mark it as answered, or pin it. Those who moderate the show.",
)
async def moderate_question(
    work: Work,
    context: Context,
    input: Annotated[ModerateQuestionInput, strawberry.argument(description="The decision.")],
) -> QuestionModerated:
    """Moderate."""
    question = await domain.moderate_question(
        work,
        viewer=context.viewer,
        question_id=read_id(Kind.QUESTION, input.question_id),
        expected_version=input.expected_version,
        state=input.state,
        is_pinned=input.is_pinned,
    )
    return QuestionModerated(question=shown(question))


QUERIES: list[Any] = [questions, own_questions]
MUTATIONS: list[Any] = [ask_question, upvote_question, moderate_question]
