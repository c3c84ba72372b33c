"""Errors as clients see them: refusals with their code, faults of the document in full, faults of ours masked.

Strawberry's masking hides validation errors too, and without it raw exceptions leak; hence this module.
"""

from collections.abc import Iterable

import structlog
from graphql import GraphQLError, GraphQLFormattedError, Node

from domain.kernel.refusals import Refusal
from graph.refusal_fields import extensions_of

INTERNAL_ERROR = "INTERNAL_ERROR"

log = structlog.get_logger(__name__)


def coded(message: str, code: str, nodes: Node | Iterable[Node] | None = None) -> GraphQLError:
    """Make an error that clients can tell apart by `extensions.code`."""
    return GraphQLError(message, list(nodes) if isinstance(nodes, Iterable) else nodes, extensions={"code": code})


def present(errors: Iterable[GraphQLError], *, operation_id: str, code: str) -> list[GraphQLFormattedError]:
    """Write errors for a response. `code` is for errors of graphql-core's own, which have none."""
    return [_present_one(error, operation_id, code) for error in errors]


def _present_one(error: GraphQLError, operation_id: str, code: str) -> GraphQLFormattedError:
    cause = _cause_of(error)
    formatted = error.formatted
    if isinstance(cause, Refusal):
        return {**formatted, "message": cause.message, "extensions": extensions_of(cause)}
    if cause is None:
        return {**formatted, "extensions": {"code": code, **(error.extensions or {})}}
    log.error("graph.fault", operation_id=operation_id, path=_path_of(error), exc_info=cause)
    masked: GraphQLFormattedError = {
        "message": f"Something went wrong on our side. Quote operation {operation_id} when you report it.",
        "extensions": {"code": INTERNAL_ERROR, "operationId": operation_id},
    }
    for name in ("locations", "path"):
        if name in formatted:
            masked[name] = formatted[name]
    return masked


def _cause_of(error: GraphQLError) -> BaseException | None:
    """Return what a resolver raised, or None when graphql-core itself made the error."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _path_of(error: GraphQLError) -> str:
    return ".".join(str(part) for part in error.path or ())
