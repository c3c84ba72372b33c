"""The least that serves a title or a home screen: endpoints of Starlette that run one SQL statement each.

The title's row is written by the endpoint; the home screen comes out of PostgreSQL as JSON.
"""

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

HOME = """
    SELECT json_build_object('data', json_build_object('home', json_build_object('nodes', coalesce(json_agg(
        json_build_object('id', r.id, 'title', r.name, 'titles', json_build_object(
            'nodes', r.nodes, 'pageInfo', json_build_object('hasNextPage', r.more, 'endCursor', r.last)))
        ORDER BY r.position), '[]'))))::text
    FROM (
        SELECT h.id, h.position, x.name, t.nodes, t.more, t.last
        FROM home_rows h
        JOIN LATERAL (
            SELECT name FROM home_row_texts x WHERE x.row_id = h.id
            ORDER BY x.language = ANY($2::text[]) DESC, x.language = h.default_language DESC LIMIT 1
        ) x ON true
        CROSS JOIN LATERAL (
            SELECT coalesce(json_agg(c.card ORDER BY c.position) FILTER (WHERE c.n <= $1), '[]') AS nodes,
                   count(*) > $1 AS more, max(c.position) FILTER (WHERE c.n <= $1) AS last
            FROM (
                SELECT m.position, row_number() OVER (ORDER BY m.position) AS n, json_build_object(
                    'id', t.id, 'name', tx.name, 'synopsis', tx.synopsis, 'language', tx.language, 'kind', t.kind,
                    'releaseYear', t.release_year, 'maturityAge', t.maturity_age, 'durationSeconds', a.duration_s,
                    'version', t.version, 'audioLanguages', l.audio, 'textLanguages', l.texts,
                    'poster', coalesce(p.poster, json_build_object(
                        'url', $5 || '/posters/' || a.id || '/320.jpg', 'width', 320, 'height', 180))) AS card
                FROM home_row_titles m
                JOIN titles t ON t.id = m.title_id AND t.state = 'PUBLISHED'
                JOIN LATERAL (
                    SELECT * FROM title_texts tx WHERE tx.title_id = t.id
                    ORDER BY tx.language = ANY($2::text[]) DESC, tx.language = t.default_language DESC LIMIT 1
                ) tx ON true
                LEFT JOIN LATERAL (
                    SELECT * FROM assets a WHERE a.title_id = t.id AND a.state = 'READY' ORDER BY ready_at DESC LIMIT 1
                ) a ON true
                LEFT JOIN LATERAL (
                    SELECT coalesce(json_agg(DISTINCT k.language) FILTER (WHERE k.kind = 'AUDIO'), '[]') AS audio,
                           coalesce(json_agg(DISTINCT k.language) FILTER (WHERE k.kind = 'TEXT'), '[]') AS texts
                    FROM package_tracks k WHERE k.package_id = (
                        SELECT id FROM packages k WHERE k.asset_id = a.id AND k.state = 'READY' LIMIT 1)
                ) l ON true
                LEFT JOIN LATERAL (
                    SELECT json_build_object('url', $5 || '/artwork/' || f.name, 'width', f.width, 'height', f.height)
                           AS poster
                    FROM artworks w JOIN artwork_renditions f ON f.artwork_id = w.id
                    WHERE w.title_id = t.id AND w.kind = 'POSTER' AND w.state = 'READY' AND f.format = 'JPEG'
                      AND f.width >= 320 ORDER BY f.width LIMIT 1
                ) p ON true
                WHERE m.row_id = h.id AND EXISTS (
                    SELECT 1 FROM title_rights g WHERE g.title_id = t.id AND g.territory = ANY($3::text[])
                      AND g.opens_at <= $4 AND (g.closes_at IS NULL OR g.closes_at > $4))
                ORDER BY m.position LIMIT $1 + 1
            ) c
        ) t
        WHERE h.is_shown ORDER BY h.position LIMIT 8
    ) r
"""
PUBLIC_URL = "http://localhost"


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
    yield
    await app.state.pool.close()


async def title(request: Request) -> Response:
    async with request.app.state.pool.acquire() as connection:
        row = await connection.fetchrow(TITLE, UUID(request.path_params["id"]), ["de"], ["*"], datetime.now(UTC))
    return Response(orjson.dumps({"data": {"title": dict(row)}}, default=str), media_type="application/json")


async def home(request: Request) -> Response:
    async with request.app.state.pool.acquire() as connection:
        text = await connection.fetchval(HOME, 20, ["de"], ["*"], datetime.now(UTC), PUBLIC_URL)
    return Response(text, media_type="application/json")


app = Starlette(routes=[Route("/titles/{id}", title), Route("/home", home)], lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, loop="uvloop")
