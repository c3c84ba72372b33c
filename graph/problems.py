"""Refusals as data: every mutation answers with its payload or with a problem it says it may answer with.

    interface Problem { code message }
    ├── InvalidInput · NotFound · SignInRequired · Forbidden · StaleVersion
    ├── IdempotencyKeyReused · RequestInProgress
    └── those of the contexts, declared next to their types

The rows of problem types are the refusals, so a public attribute of a refusal is a field clients can read.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import Annotated, Any, TypeVar

import strawberry

from domain.kernel import idempotency, refusals
from domain.kernel.refusals import Refusal
from graph.batching import derived
from graph.rows import declares
from graph.wording import camel_case

T = TypeVar("T", bound=type)

_problem_types: dict[type[Refusal], type] = {}


@strawberry.interface(description="Why something was refused. Every member of a result that is no payload is one.")
class Problem:
    """What all problems have in common."""

    code: str = strawberry.field(description="The kind of problem, in UPPER_SNAKE; it never changes. Branch on it.")
    message: str = strawberry.field(description="What happened and what to do, for people. It may change.")


def problem(refusal: type[Refusal], *, description: str) -> Callable[[T], T]:
    """Declare the type that shows a refusal. The class must inherit from Problem."""

    def declare(cls: T) -> T:
        declared = declares(refusal)(strawberry.type(cls, description=description))
        _problem_types[refusal] = declared
        return declared

    return declare


def problem_type_of(refusal: type[Refusal]) -> type:
    """Return the type that shows a refusal."""
    return _problem_types[refusal]


def result_union(name: str, payload: type, refused: Sequence[type[Refusal]]) -> Any:
    """Return the union of a payload and the problems it may be answered with instead."""
    members = (payload, *(problem_type_of(refusal) for refusal in refused))
    description = (
        f"What {name[0].lower()}{name[1:].removesuffix('Result')} answers: its payload, or why it was refused."
    )
    return Annotated[reduce(or_, members), strawberry.union(name, description=description)]


@problem(refusals.InvalidInput, description="A value cannot be used.")
class InvalidInput(Problem):
    """A value cannot be used."""

    field: str = derived(
        lambda refusal, _: camel_case(refusal.field), description="Which field of the input it is about, by its name."
    )
    reason: str = strawberry.field(description="What would do instead, for people.")


@problem(refusals.NotFound, description="There is no such thing, or none that this viewer may see: both look the same.")
class NotFound(Problem):
    """A missing thing, or a hidden one."""

    message: str = derived(
        lambda refusal, _: f"There is no such {refusal.what}. Check the id.",
        description="What happened and what to do, for people. It may change.",
    )
    what: str = strawberry.field(description="What was looked for, such as `title`.")


@problem(refusals.SignInRequired, description="Nobody is signed in. Sign in, then repeat the mutation.")
class SignInRequired(Problem):
    """Nobody is signed in."""


@problem(refusals.Forbidden, description="The viewer lacks the role for this. Asking again will not help.")
class Forbidden(Problem):
    """A role is missing."""

    action: str = strawberry.field(description="What the viewer may not do.")


@problem(refusals.StaleVersion, description="It was changed since it was read. Read it again, then repeat the change.")
class StaleVersion(Problem):
    """Somebody else changed it first."""

    expected: int = strawberry.field(description="The version that the input named.")
    actual: int = strawberry.field(description="The version it has now.")


@problem(
    idempotency.IdempotencyKeyReused,
    description="The idempotency key came with another input before. Make a new key for a new request.",
)
class IdempotencyKeyReused(Problem):
    """The key was used for something else."""


@problem(
    idempotency.RequestInProgress,
    description="The first request with this idempotency key is still running. Repeat it with that key in a moment.",
)
class RequestInProgress(Problem):
    """The first request is still running."""
