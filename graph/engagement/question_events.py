"""The questions of a show that everybody sees, for everybody who follows them."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from strawberry import ID

from domain.engagement.question import Question as QuestionRow
from domain.engagement.question import questions_topic
from domain.engagement.questions import TOP_QUESTIONS
from domain.engagement.questions import top_questions as load_top_questions
from graph.context import Context
from graph.engagement.questions import Question
from graph.global_ids import Kind, read_id
from graph.live.events import may_follow
from graph.rows import declares
from graph.shared_fields import Feed, State, shared_subscription_field


@dataclass(frozen=True)
class TopQuestionsRow:
    """The best ranked questions."""

    questions: tuple[QuestionRow, ...]


@declares(TopQuestionsRow)
@strawberry.type(description="The questions of a show that everybody sees, the best ranked first.")
class TopQuestions:
    """The best ranked questions."""

    questions: list[Question] = strawberry.field(description=f"{TOP_QUESTIONS} of them at most.")


@shared_subscription_field(
    TopQuestions,
    gate=may_follow,
    description="The questions of a show that everybody sees, as they are now, at most four times a second.",
)
def top_questions(stream_id: Annotated[ID, strawberry.argument(description="Which show.")]) -> Feed:
    """Follow questions."""
    id = read_id(Kind.STREAM, stream_id)

    async def load(context: Context) -> Mapping[Hashable, TopQuestionsRow]:
        return {"top": TopQuestionsRow(tuple(await load_top_questions(context.reads, id)))}

    return Feed(states=[State(questions_topic(id), load)])


SUBSCRIPTIONS: list[Any] = [top_questions]
