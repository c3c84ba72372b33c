"""How the address of a PostgreSQL server becomes connections.

What stands behind the `?` of an address is libpq's and so the driver's to read: `sslmode`, several hosts, settings of
the server. SQLAlchemy would hand it over as arguments that the driver does not have, so it never sees the address.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine


def engine_for(url: str, *, driver: Mapping[str, Any], settings: Mapping[str, str], **pool: Any) -> AsyncEngine:
    """Return an engine for a `postgresql://` address. Nothing is opened yet.

    `driver` are arguments of `asyncpg.connect`, `pool` those of `create_async_engine`. `settings` are those of the
    server's session; where the address names one of them too, the operator who wrote it has the last word.
    """
    named = parse_qs(urlsplit(url).query)
    ours = {name: value for name, value in settings.items() if name not in named}

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(url, server_settings=ours, **driver)

    # What an error may show: a statement, but never what is bound to it, which may be a sealed key or an address.
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, hide_parameters=True, **pool)
