"""What clients are told when something is wrong with the request, with a part below, or with us."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest
import strawberry
from strawberry.tools import create_type

from domain.kernel.refusals import NotFound, RateLimited, Refusal, Unavailable
from domain.kernel.work import Database
from edge.app import create_app
from graph.answering import Answer, Graph, GraphQLRequest
from graph.batching import batched
from graph.context import Caller, Context
from graph.limits import Limits
from graph.root_fields import query_field
from tests.graph_scene import GraphScene, serving

SECRET = "password=hunter2 SELECT * FROM accounts"
NOWHERE = "postgresql://marquee:hunter2@127.0.0.1:1/nowhere"


def schema_that_raises(fault: BaseException | None) -> strawberry.Schema:
    """A schema with one batched field that raises, or waits for ever."""

    async def load(_context: Context, _keys: Sequence[Any]) -> list[Any]:
        if fault is not None:
            raise fault
        await asyncio.Event().wait()
        return []

    @strawberry.type
    class Thing:
        name: str
        broken: str | None = batched(load, key=lambda thing: thing.name, description="Raises.")

    @query_field(Thing | None, description="A thing.")
    async def thing(context: Context) -> Any:
        return Thing(name="whole")

    return strawberry.Schema(query=create_type("Query", [thing]))


async def ask(scene: GraphScene, fault: BaseException | None, *, limits: Limits | None = None) -> Answer:
    graph = Graph(schema_that_raises(fault), scene.runtime, limits=limits or Limits(), is_open=False)
    request = GraphQLRequest("{ thing { name broken } }")
    return await graph.answer(graph.prepare(request), request, Caller(), operation_id="operation-1")


def only_error(answer: Answer) -> Mapping[str, Any]:
    (error,) = answer.payload["errors"]
    found: Mapping[str, Any] = error
    return found


async def test_a_fault_of_ours_is_masked_and_findable(scene: GraphScene, capsys: pytest.CaptureFixture[str]) -> None:
    answer = await ask(scene, RuntimeError(SECRET))
    # The rest of the answer stands.
    assert answer.payload["data"] == {"thing": {"name": "whole", "broken": None}}
    assert only_error(answer) == {
        "message": "Something went wrong on our side. Quote operation operation-1 when you report it.",
        "locations": [{"line": 1, "column": 16}],
        "path": ["thing", "broken"],
        "extensions": {"code": "INTERNAL_ERROR", "operationId": "operation-1"},
    }
    assert not answer.is_refused
    logged = capsys.readouterr().out
    assert "operation-1" in logged
    assert "RuntimeError" in logged


@pytest.mark.parametrize(
    ("refusal", "extensions", "message"),
    [
        (
            Unavailable(2.0),
            {"code": "UNAVAILABLE", "retryAfterSeconds": 2.0},
            "The service is busy or restarting. Try again in 2 s.",
        ),
        (
            RateLimited(30.0),
            {"code": "RATE_LIMITED", "retryAfterSeconds": 30.0},
            "Too many attempts. Try again in 30 s.",
        ),
        (NotFound("thing", 5), {"code": "NOT_FOUND", "what": "thing", "id": "5"}, "There is no thing 5. Check the id."),
    ],
)
async def test_a_refusal_without_a_union_is_told_in_full(
    scene: GraphScene, refusal: Refusal, extensions: dict[str, Any], message: str
) -> None:
    error = only_error(await ask(scene, refusal))
    assert (error["extensions"], error["message"]) == (extensions, message)


async def test_what_takes_too_long_is_cut_off(scene: GraphScene) -> None:
    answer = await ask(scene, None, limits=Limits(execution_timeout_s=0.05))
    assert answer.payload["data"] is None
    assert only_error(answer)["extensions"] == {"code": "TIMED_OUT"}


async def test_the_database_being_away_is_said_and_not_how(scene: GraphScene) -> None:
    away = create_app(replace(scene.runtime, database=Database.connect(NOWHERE)))
    async with serving(away) as url, httpx.AsyncClient(timeout=10) as client:
        query = {"query": "{ titles { nodes { id } } }"}
        stranger = await client.post(f"{url}/graphql", json=query)
        known = await client.post(f"{url}/graphql", json=query, headers={"authorization": f"Bearer {'x' * 43}"})
        mutation = {"query": 'mutation {revokePlayback(input: {sessionId: "x"}) {__typename}}'}
        changed = await client.post(f"{url}/graphql", json=mutation)
    assert stranger.status_code == 200
    # Who asks cannot be known, so nothing is answered.
    assert (known.status_code, known.headers["retry-after"]) == (503, "1")
    for response in (stranger, known, changed):
        assert response.json()["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryAfterSeconds": 1.0}
        assert "hunter2" not in response.text
        assert "127.0.0.1" not in response.text


async def test_every_problem_has_a_code_and_a_message(scene: GraphScene) -> None:
    answer = await scene.data(
        'mutation {revokePlayback(input: {sessionId: "x"}) {... on Problem {code message}}}', by=await scene.person()
    )
    assert answer["revokePlayback"] == {
        "code": "NOT_FOUND",
        "message": "There is no such playback session. Check the id.",
    }
