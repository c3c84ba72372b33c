"""The least that serves a title: a Starlette endpoint that runs one SQL statement and writes its row."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

TITLE = """
    SELECT t.id, t.kind, x.name, x.synopsis, x.language, t.release_year AS "releaseYear",
           t.maturity_age AS "maturityAge", a.duration_s AS "durationSeconds"
    FROM titles t
    JOIN LATERAL (
        SELECT * FROM title_texts x WHERE x.title_id = t.id
        ORDER BY x.language = ANY($2::text[]) DESC, x.language = t.default_language DESC LIMIT 1
    ) x ON true
    LEFT JOIN LATERAL (
        SELECT duration_s FROM assets a WHERE a.title_id = t.id AND a.state = 'READY' ORDER BY ready_at DESC LIMIT 1
    ) a ON true
    WHERE t.id = $1 AND t.state = 'PUBLISHED' AND EXISTS (
        SELECT 1 FROM title_rights r WHERE r.title_id = t.id AND r.territory = ANY($3::text[])
          AND r.opens_at <= $4 AND (r.closes_at IS NULL OR r.closes_at > $4)
    )
"""


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
    yield
    await app.state.pool.close()


async def title(request: Request) -> Response:
    async with request.app.state.pool.acquire() as connection:
        row = await connection.fetchrow(TITLE, UUID(request.path_params["id"]), ["de"], ["*"], datetime.now(UTC))
    return Response(orjson.dumps({"data": {"title": dict(row)}}, default=str), media_type="application/json")


app = Starlette(routes=[Route("/titles/{id}", title)], lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, loop="uvloop")
