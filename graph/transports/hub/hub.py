"""Finds what is followed already, or begins it; lets in who may follow, and shows out who may not any more."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import structlog
from graphql import FieldNode, OperationType, VariableNode, Visitor, visit
from graphql.execution.values import VariableValues

from domain.accounts import Viewer
from domain.kernel.facts import Position
from domain.kernel.refusals import Refusal, Unavailable
from graph import measures
from graph.answering import VARIABLES_REFUSED, Answer, Graph, GraphQLRequest, new_operation_id
from graph.context import Caller, Context
from graph.errors import present
from graph.execution.arguments import ArgumentPlan
from graph.operations import Operation
from graph.refusal_fields import extensions_of
from graph.shared_fields import SINCE, SINCE_MAX_CHARS, Feed, SharedCall, shared_call_of
from graph.transports.hub.broadcast import Broadcast
from graph.transports.hub.frames import Member, read_position
from graph.transports.hub.presence import tell_presence
from graph.transports.hub.tails import Tail

# What nobody follows any more is kept a little: after a broken line everybody comes back at once.
LINGER_S = 30.0
SWEEP_EVERY_S = 5.0
# Whoever may not follow any more is shown out within this and the time the question takes.
GATE_EVERY_S = 20.0
ASKED_AT_ONCE = 500
BROADCASTS_MAX = 10_000
# Whoever was let in is let in again without asking for so long: after a broken line everybody comes back at once.
LET_IN_FOR_S = 1.0
OPERATIONS_KEPT = 1_000
# Of a caller's languages; whoever wants more than these has one of them.
LANGUAGES_MAX = 4

log = structlog.get_logger(__name__)


class NotAdmitted(Exception):
    """Somebody may not follow, or not like this. `errors` say why, as a response has them."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__("not admitted")
        self.errors = errors


@dataclass(frozen=True)
class Following:
    """A member of a broadcast, until it leaves."""

    broadcast: Broadcast
    member: Member

    def leave(self) -> None:
        """Be told nothing more."""
        self.broadcast.leave(self.member)


@dataclass(frozen=True)
class _Shared:
    """The shared field of an operation."""

    call: SharedCall
    arguments: ArgumentPlan | None
    # The variable that only says where to go on from, so that it does not tell followers apart.
    since_variable: str | None


@dataclass
class _Followed:
    """A broadcast, and how its gate is asked."""

    broadcast: Broadcast
    call: SharedCall
    arguments: Mapping[str, Any]
    gate_name: tuple[object, ...]
    asked_at: float
    # When each viewer was let in last.
    let_in: dict[Viewer | None, float] = field(default_factory=dict)


class Hub:
    """Everything that is followed in this process."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._runtime = graph.runtime
        self._followed: dict[tuple[object, ...], _Followed] = {}
        self._tails: dict[str, tuple[Tail, asyncio.Task[None]]] = {}
        # By the number of the operation, which is held so that no other gets its number.
        self._served: OrderedDict[int, tuple[Operation, bool]] = OrderedDict()
        self._since_variables: OrderedDict[int, tuple[FieldNode, str | None]] = OrderedDict()

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Hub"]:
        """Serve until the block ends."""
        beside = [asyncio.create_task(self._sweep()), asyncio.create_task(tell_presence(self.viewers, self._runtime))]
        try:
            yield self
        finally:
            tasks = [*beside, *(task for _, task in self._tails.values())]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(one.broadcast.close() for one in self._followed.values()))

    def serves(self, operation: Operation) -> bool:
        """Tell whether an operation is a shared subscription."""
        if operation.kind is not OperationType.SUBSCRIPTION:
            return False
        kept = self._served.get(id(operation))
        if kept is None:
            serves = any(shared_call_of(field) is not None for field in self._graph.root_fields_of(operation))
            kept = self._served[id(operation)] = operation, serves
            if len(self._served) > OPERATIONS_KEPT:
                self._served.popitem(last=False)
        return kept[1]

    def viewers(self) -> dict[UUID, int]:
        """Return how many follow each stream here: an account counts once, and everybody else by connection."""
        found: dict[UUID, set[Hashable]] = {}
        for one in self._followed.values():
            stream_id = one.broadcast.feed.presence
            if stream_id is not None and one.broadcast.members:
                found.setdefault(stream_id, set()).update(member.who for member in one.broadcast.members)
        return {stream_id: len(who) for stream_id, who in found.items()}

    async def join(
        self, operation: Operation, request: GraphQLRequest, caller: Caller, member: Member, *, since: str | None = None
    ) -> Following:
        """Let somebody follow. `since` is a place that came beside the operation; the operation's own goes first.

        Raises:
            NotAdmitted.
        """
        variables = self._coerced(operation, request)
        shared = self._shared_of(operation, variables)
        try:
            arguments = {} if shared.arguments is None else shared.arguments.values(variables)
            wanted = arguments.pop(SINCE, None) or since
            followed = self._found(shared, operation, request, caller, variables, arguments)
            if not member.is_vouched_for:
                await self._ask_gate(followed, caller)
            await followed.broadcast.join(member, _position(wanted), is_returning=wanted is not None)
        except Refusal as refusal:
            measures.refused_total.labels(refusal.code).inc()
            raise NotAdmitted([{"message": refusal.message, "extensions": extensions_of(refusal)}]) from None
        return Following(followed.broadcast, member)

    def _coerced(self, operation: Operation, request: GraphQLRequest) -> VariableValues:
        variables = self._graph.compiled.coerce(operation, request.variables)
        if isinstance(variables, list):
            raise NotAdmitted(present(variables, operation_id=new_operation_id(), code=VARIABLES_REFUSED))
        return variables

    def _shared_of(self, operation: Operation, variables: VariableValues) -> _Shared:
        plan = self._graph.compiled.plan(operation, variables)
        if plan is None or len(plan.root.fields) != 1:
            message = "Ask for one field that all may share, in a form that can be compiled."
            raise NotAdmitted([{"message": message, "extensions": {"code": "NOT_SHARED"}}])
        (field,) = plan.root.fields
        call = shared_call_of(field.parent.fields[field.name])
        assert call is not None, "the caller has asked whether it is shared"
        return _Shared(call, field.arguments, self._since_variable(operation, field.nodes[0]))

    def _since_variable(self, operation: Operation, node: FieldNode) -> str | None:
        kept = self._since_variables.get(id(node))
        if kept is None:
            kept = self._since_variables[id(node)] = node, _since_variable(operation, node)
            if len(self._since_variables) > OPERATIONS_KEPT:
                self._since_variables.popitem(last=False)
        return kept[1]

    def _found(
        self,
        shared: _Shared,
        operation: Operation,
        request: GraphQLRequest,
        caller: Caller,
        variables: VariableValues,
        arguments: Mapping[str, Any],
    ) -> _Followed:
        languages = caller.languages[:LANGUAGES_MAX]
        told_apart = {name: value for name, value in variables.coerced.items() if name != shared.since_variable}
        written = orjson.dumps(told_apart, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
        key = (request.query, request.operation_name, written, languages)
        followed = self._followed.get(key)
        if followed is None or followed.broadcast.has_failed:
            if len(self._followed) >= BROADCASTS_MAX:
                raise Unavailable(SWEEP_EVERY_S)
            feed = shared.call.feed(**arguments)
            broadcast = self._begun(feed, operation, request, Caller(languages=languages))
            gate_name = ("gate", shared.call.gate, orjson.dumps(sorted(arguments.items()), default=str))
            followed = _Followed(broadcast, shared.call, arguments, gate_name, time.monotonic())
            self._followed[key] = followed
        return followed

    def _begun(self, feed: Feed, operation: Operation, request: GraphQLRequest, caller: Caller) -> Broadcast:
        graph = self._graph

        async def execute(context: Context, row: Any) -> Answer:
            return await graph.event(operation, request, context, row)

        def begin() -> Context:
            return Context.of(self._runtime, caller, operation_id=new_operation_id())

        tail = None if feed.topic is None else self._tail_of(feed.topic)
        runtime = self._runtime
        broadcast = Broadcast(feed, execute, begin, tail=tail, database=runtime.database, bus=runtime.bus)
        broadcast.start()
        return broadcast

    def _tail_of(self, topic: str) -> Tail:
        kept = self._tails.get(topic)
        if kept is None or kept[1].done():
            tail = Tail(self._runtime.database, self._runtime.bus, topic)
            kept = self._tails[topic] = tail, asyncio.create_task(tail.follow())
        return kept[0]

    async def _ask_gate(self, followed: _Followed, caller: Caller) -> None:
        """Ask whether somebody may follow; those who come together are asked for together."""

        now = time.monotonic()
        if now - followed.let_in.get(caller.viewer, -LET_IN_FOR_S) < LET_IN_FOR_S:
            return

        async def ask(viewers: Sequence[Viewer | None]) -> Sequence[Refusal | None]:
            return await self._asked(followed, viewers)

        answers = await self._runtime.gathering.get(followed.gate_name, {caller.viewer: caller.viewer}, ask)
        refusal = answers[caller.viewer]
        if refusal is not None:
            raise refusal
        followed.let_in[caller.viewer] = now

    async def _asked(self, followed: _Followed, viewers: Sequence[Viewer | None]) -> Sequence[Refusal | None]:
        context = Context.of(self._runtime, Caller(), operation_id=new_operation_id())
        return await followed.call.gate(context, viewers, **followed.arguments)

    async def _sweep(self) -> None:
        """Ask the gates again, and forget what nobody follows, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            now = time.monotonic()
            for followed in list(self._followed.values()):
                followed.let_in.clear()
                if now - followed.asked_at >= GATE_EVERY_S:
                    followed.asked_at = now
                    await self._show_out(followed)
            await self._forget(now)

    async def _show_out(self, followed: _Followed) -> None:
        """End what those follow who may not any more."""
        members = [member for member in followed.broadcast.members if not member.is_vouched_for]
        for start in range(0, len(members), ASKED_AT_ONCE):
            asked = members[start : start + ASKED_AT_ONCE]
            for member, refusal in zip(asked, await self._refusals(followed, asked), strict=True):
                if refusal is not None:
                    followed.broadcast.leave(member)
                    member.end([{"message": refusal.message, "extensions": extensions_of(refusal)}])

    async def _refusals(self, followed: _Followed, members: Sequence[Member]) -> Sequence[Refusal | None]:
        try:
            return await self._asked(followed, [member.viewer for member in members])
        except Unavailable:
            # Nothing is told either while the database is away.
            return [None for _ in members]
        except Refusal as refusal:
            return [refusal for _ in members]

    async def _forget(self, now: float) -> None:
        for key, followed in list(self._followed.items()):
            broadcast = followed.broadcast
            is_left = not broadcast.members and not broadcast.joining and now - broadcast.left_at > LINGER_S
            if is_left or broadcast.has_failed:
                del self._followed[key]
                await broadcast.close()
        topics = {followed.broadcast.feed.topic for followed in self._followed.values()}
        for topic in [topic for topic in self._tails if topic not in topics]:
            _, task = self._tails.pop(topic)
            task.cancel()


def _position(wanted: str | None) -> Position | None:
    if wanted is None or len(wanted) > SINCE_MAX_CHARS:
        return None
    return read_position(wanted)


class _Uses(Visitor):
    """Counts where each variable is used."""

    def __init__(self) -> None:
        super().__init__()
        self.count: dict[str, int] = {}

    def enter_variable(self, node: VariableNode, *_: object) -> None:
        self.count[node.name.value] = self.count.get(node.name.value, 0) + 1


def _since_variable(operation: Operation, node: FieldNode) -> str | None:
    """Return the variable that gives `since` and nothing else."""
    for argument in node.arguments or ():
        if argument.name.value == SINCE and isinstance(argument.value, VariableNode):
            name = argument.value.name.value
            uses = _Uses()
            visit(operation.document, uses)
            # Once where it is declared, once here.
            return name if uses.count.get(name) == 2 else None
    return None
