"""The least a server of votes could do: it reads a ballot and hands it to the batcher that Marquee hands its votes to.

`python -m bench.votes_server PORT`: POST /vote with `{"pollId", "optionId"}` looks the voter up by the bearer token,
with the read that Marquee uses; POST /trusting-vote believes a `"voterId"` in the body.
"""

import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.accounts import Viewer, viewers_by_token
from domain.engagement.admission import Ballot
from domain.engagement.voting import committer_of
from domain.runtime import Runtime, open_runtime
from domain.settings import Settings


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, object]]:
    """Open what votes go through."""
    settings = Settings(data_dir=Path(os.environ["DATA_DIR"]), database_url=os.environ["DATABASE_URL"])
    async with open_runtime(settings) as runtime:
        yield {"votes": committer_of(runtime), "runtime": runtime}


async def vote(request: Request) -> Response:
    """Take a ballot of whoever holds the token, and answer when it is durable."""
    runtime: Runtime = request.state.runtime
    token = request.headers["authorization"].removeprefix("Bearer ")

    async def look(tokens: Sequence[str]) -> list[Viewer | None]:
        return await viewers_by_token(runtime.reads(), tokens)

    viewer = (await runtime.gathering.get("viewers by token", {token: token}, look))[token]
    return await _voted(request, None if viewer is None else viewer.account_id)


async def trusting_vote(request: Request) -> Response:
    """Take a ballot of whomever it names, and answer when it is durable."""
    return await _voted(request, None)


async def _voted(request: Request, voter_id: UUID | None) -> Response:
    given = orjson.loads(await request.body())
    now = datetime.now(UTC)
    voter_id = voter_id or UUID(given["voterId"])
    ballot = Ballot(UUID(given["pollId"]), voter_id, (UUID(given["optionId"]),), None, now, now, "DE", None)
    cast = await request.state.votes.submit(ballot)
    body = orjson.dumps({"castAt": cast.cast_at, "optionId": str(cast.choices[0])})
    return Response(body, media_type="application/json")


app = Starlette(
    routes=[Route("/vote", vote, methods=["POST"]), Route("/trusting-vote", trusting_vote, methods=["POST"])],
    lifespan=lifespan,
)

if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="error",
        access_log=False,
    )  # fmt: skip
