"""The same home screen over stock Strawberry: resolvers, one DataLoader for each kind of row, graphql-core."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.types import Info

PUBLIC_URL = "http://localhost"
ROWS = """
    SELECT h.id, h.position, x.name FROM home_rows h JOIN LATERAL (
        SELECT name FROM home_row_texts x WHERE x.row_id = h.id
        ORDER BY x.language = ANY($2::text[]) DESC, x.language = h.default_language DESC LIMIT 1
    ) x ON true WHERE h.is_shown ORDER BY h.position LIMIT $1
"""
TITLES = """
    SELECT r.id AS row_id, p.* FROM unnest($1::uuid[]) AS r (id) CROSS JOIN LATERAL (
        SELECT m.position, t.id, t.kind, t.default_language, t.release_year, t.maturity_age, t.version
        FROM home_row_titles m JOIN titles t ON t.id = m.title_id AND t.state = 'PUBLISHED'
        WHERE m.row_id = r.id AND EXISTS (
            SELECT 1 FROM title_rights g WHERE g.title_id = t.id AND g.territory = '*'
              AND g.opens_at <= now() AND (g.closes_at IS NULL OR g.closes_at > now()))
        ORDER BY m.position LIMIT 21
    ) p
"""
TEXTS = "SELECT title_id, language, name, synopsis FROM title_texts WHERE title_id = ANY($1::uuid[])"
ASSETS = """
    SELECT DISTINCT ON (title_id) title_id, id, duration_s FROM assets
    WHERE title_id = ANY($1::uuid[]) AND state = 'READY' ORDER BY title_id, ready_at DESC
"""
TRACKS = """
    SELECT a.title_id, k.kind, k.language FROM assets a
    JOIN packages p ON p.asset_id = a.id AND p.state = 'READY' JOIN package_tracks k ON k.package_id = p.id
    WHERE a.title_id = ANY($1::uuid[]) AND a.state = 'READY' AND k.kind <> 'VIDEO' ORDER BY k.position
"""
POSTERS = """
    SELECT DISTINCT ON (w.title_id) w.title_id, f.name, f.width, f.height
    FROM artworks w JOIN artwork_renditions f ON f.artwork_id = w.id
    WHERE w.title_id = ANY($1::uuid[]) AND w.kind = 'POSTER' AND w.state = 'READY' AND f.format = 'JPEG'
      AND f.width >= 320 ORDER BY w.title_id, f.width
"""


@dataclass
class Loads:
    """The loaders of one request."""

    pool: Any

    def __post_init__(self) -> None:
        self.titles = DataLoader(self.by("row_id", TITLES))
        self.texts = DataLoader(self.by("title_id", TEXTS))
        self.assets = DataLoader(self.by("title_id", ASSETS))
        self.tracks = DataLoader(self.by("title_id", TRACKS))
        self.posters = DataLoader(self.by("title_id", POSTERS))

    def by(self, key: str, sql: str) -> Callable[[list[Any]], Awaitable[Sequence[list[Any]]]]:
        async def load(keys: list[Any]) -> list[list[Any]]:
            found: dict[Any, list[Any]] = {}
            for row in await self.pool.fetch(sql, keys):
                found.setdefault(row[key], []).append(row)
            return [found.get(one, []) for one in keys]

        return load


def loads(info: Info) -> Loads:
    found: Loads = info.context["loads"]
    return found


@strawberry.type
class Image:
    url: str
    width: int
    height: int | None


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Title:
    row: strawberry.Private[Any]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(str(self.row["id"]))

    @strawberry.field
    def kind(self) -> str:
        return str(self.row["kind"])

    @strawberry.field
    def release_year(self) -> int | None:
        return self.row["release_year"]  # type: ignore[no-any-return]  # of a record

    @strawberry.field
    def maturity_age(self) -> int:
        return self.row["maturity_age"]  # type: ignore[no-any-return]  # of a record

    @strawberry.field
    def version(self) -> int:
        return self.row["version"]  # type: ignore[no-any-return]  # of a record

    @strawberry.field
    async def name(self, info: Info) -> str:
        return str((await self.text(info))["name"])

    @strawberry.field
    async def synopsis(self, info: Info) -> str:
        return str((await self.text(info))["synopsis"])

    @strawberry.field
    async def language(self, info: Info) -> str:
        return str((await self.text(info))["language"])

    @strawberry.field
    async def duration_seconds(self, info: Info) -> float | None:
        found = await loads(info).assets.load(self.row["id"])
        return found[0]["duration_s"] if found else None

    @strawberry.field
    async def poster(self, info: Info, width: int = 640) -> Image | None:
        own = await loads(info).posters.load(self.row["id"])
        if own:
            return Image(url=f"{PUBLIC_URL}/artwork/{own[0]['name']}", width=own[0]["width"], height=own[0]["height"])
        found = await loads(info).assets.load(self.row["id"])
        return Image(url=f"{PUBLIC_URL}/posters/{found[0]['id']}/320.jpg", width=320, height=180) if found else None

    @strawberry.field
    async def audio_languages(self, info: Info) -> list[str]:
        return await self.languages(info, "AUDIO")

    @strawberry.field
    async def text_languages(self, info: Info) -> list[str]:
        return await self.languages(info, "TEXT")

    async def text(self, info: Info) -> Any:
        texts = {text["language"]: text for text in await loads(info).texts.load(self.row["id"])}
        return texts.get("de") or texts[self.row["default_language"]]

    async def languages(self, info: Info, kind: str) -> list[str]:
        tracks = await loads(info).tracks.load(self.row["id"])
        return list(dict.fromkeys(track["language"] for track in tracks if track["kind"] == kind))


@strawberry.type
class TitleConnection:
    nodes: list[Title]
    page_info: PageInfo


@strawberry.type
class HomeRow:
    id: strawberry.ID
    title: str
    key: strawberry.Private[Any]

    @strawberry.field
    async def titles(self, info: Info, first: int = 20) -> TitleConnection:
        rows = await loads(info).titles.load(self.key)
        kept = rows[:first]
        return TitleConnection(
            nodes=[Title(row=row) for row in kept],
            page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=str(kept[-1]["position"])),
        )


@strawberry.type
class HomeRowConnection:
    nodes: list[HomeRow]


@strawberry.type
class Query:
    @strawberry.field
    async def home(self, info: Info, first: int = 8) -> HomeRowConnection:
        rows = await loads(info).pool.fetch(ROWS, first, ["de"])
        made = [HomeRow(id=strawberry.ID(str(row["id"])), title=row["name"], key=row["id"]) for row in rows]
        return HomeRowConnection(nodes=made)


class Server(GraphQL):  # type: ignore[type-arg]  # contexts of a bench
    async def get_context(self, request: Any, response: Any = None) -> Any:
        return {"loads": Loads(request.app.state.pool)}


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=4, max_size=10)
    yield
    await app.state.pool.close()


app = Starlette(routes=[Route("/graphql", Server(strawberry.Schema(Query)))], lifespan=lifespan)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, loop="uvloop")
