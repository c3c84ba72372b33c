"""From what a client sent to an operation that may run: the document is found by its text, id or hash, then prepared.

id      registered by a build (`documentId`, or Relay's `doc_id` and `id`)
hash    a registered id as well; else an automatic persisted query
text    parsed as it came, unless only registered documents are answered
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from graph.answering import Answer, Graph, GraphQLRequest
from graph.automatic import AutomaticDocuments, is_hash_of
from graph.context import Caller
from graph.errors import coded
from graph.operations import Operation, OperationRefused
from graph.rates import Rates
from graph.trusted import ClientProgram, TrustedDocuments

DOCUMENT_UNKNOWN = "DOCUMENT_UNKNOWN"
DOCUMENT_NOT_TRUSTED = "DOCUMENT_NOT_TRUSTED"
# Apollo's clients look for this code, and for this message, before they send the text.
HASH_UNKNOWN, HASH_UNKNOWN_MESSAGE = "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"
HASH_MISMATCH = "PERSISTED_QUERY_HASH_MISMATCH"


class Asked(NamedTuple):
    """A request as a transport read it. It names its document in one of three ways; `hash` may come with the text.

    `shows_cost` asks for the operation's cost in the answer's extensions.
    """

    query: str | None = None
    document_id: str | None = None
    hash: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] = MappingProxyType({})
    shows_cost: bool = False


class Sender(NamedTuple):
    """What is known of a sender before it is known who it is: its program and its network address."""

    program: ClientProgram
    address: str


class Admitted(NamedTuple):
    """An operation that may run. `is_named` tells that its document came by id or hash, so its address is short.

    `cost` is what it costs with these variables.
    """

    request: GraphQLRequest
    operation: Operation
    cost: int
    is_named: bool
    shows_cost: bool


class Admission:
    """Lets requests in to one graph."""

    def __init__(self, graph: Graph, trusted: TrustedDocuments, rates: Rates, *, trusted_only: bool) -> None:
        """`trusted_only` refuses every document that no build has registered."""
        self.graph = graph
        self._trusted = trusted
        self._rates = rates
        self._automatic = AutomaticDocuments()
        self._trusted_only = trusted_only

    def attempt(self, sender: Sender) -> None:
        """Count something that costs us before there is an operation, such as opening a socket.

        Raises:
            RateLimited.
        """
        self._rates.attempt(sender.address)

    async def admit(self, asked: Asked, sender: Sender) -> Admitted:
        """Find and prepare the operation of a request.

        Raises:
            OperationRefused: there is no such document, or its operation may not run.
            RateLimited: too much has come from this address.
            Unavailable: the document has to be looked up and the database is away.
        """
        self._rates.attempt(sender.address)
        try:
            return await self._prepare(asked, sender.program)
        except OperationRefused:
            self._rates.refused(sender.address)
            raise

    def charge(self, admitted: Admitted, caller: Caller) -> None:
        """Count an operation that is about to run.

        Raises:
            RateLimited: the caller has asked for too much lately.
        """
        self._rates.operation(caller, admitted.cost)

    def with_cost(self, answer: Answer, admitted: Admitted) -> Answer:
        """Add the operation's cost to the extensions of an answer, if it was asked for."""
        if not admitted.shows_cost:
            return answer
        cost = {"requested": admitted.cost, "max": self.graph.documents.limits.cost_max}
        return answer.with_extensions({"cost": cost})

    async def _prepare(self, asked: Asked, program: ClientProgram) -> Admitted:
        text = await self._text_of(asked, program)
        request = GraphQLRequest(text, asked.operation_name, asked.variables)
        operation = self.graph.prepare(request)
        if asked.hash is not None and not self._trusted_only:
            self._automatic.keep(asked.hash, text)
        return Admitted(
            request=request,
            operation=operation,
            cost=operation.cost_with(asked.variables),
            is_named=asked.query is None,
            shows_cost=asked.shows_cost,
        )

    async def _text_of(self, asked: Asked, program: ClientProgram) -> str:
        id = asked.document_id or asked.hash
        if id is not None and (asked.query is None or self._trusted_only):
            text = await self._trusted.text_of(id, program)
            if text is not None and asked.query in (None, text):
                return text
            if asked.document_id is not None or self._trusted_only:
                message = "No live release of this client has registered this document."
                raise OperationRefused([coded(message, DOCUMENT_UNKNOWN)])
        if asked.hash is not None:
            return self._text_of_hash(asked.hash, asked.query)
        if self._trusted_only or asked.query is None:
            message = "Send the id of a registered document; no others are answered here."
            raise OperationRefused([coded(message, DOCUMENT_NOT_TRUSTED)])
        return asked.query

    def _text_of_hash(self, hash: str, query: str | None) -> str:
        if query is None:
            text = self._automatic.text_of(hash)
            if text is None:
                raise OperationRefused([coded(HASH_UNKNOWN_MESSAGE, HASH_UNKNOWN)])
            return text
        if not is_hash_of(hash, query):
            raise OperationRefused([coded("The hash is not that of the text.", HASH_MISMATCH)])
        return query
