"""Alembic's entry: one connection, one lock against a second migrator, one transaction per migration."""

import asyncio
import time

from alembic import context
from sqlalchemy import Connection, pool, text

from domain.kernel.connecting import engine_for

# Any fixed number: whoever migrates holds this advisory lock.
MIGRATION_LOCK = 7_236_114_202
LOCK_PAUSE_S = 0.25
# An hour: long enough to backfill a large table.
LOCK_ASKED_MAX = 14_400


def run_migrations(connection: Connection) -> None:
    """Migrate over an open connection."""
    context.configure(connection=connection, transaction_per_migration=True)
    _take_lock(connection)
    try:
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.commit()


def _take_lock(connection: Connection) -> None:
    """Wait until nobody else migrates.

    Asks again and again: a statement that waited would run into the lock timeout of the migrations, and would hold a
    snapshot, for which an index that the other builds CONCURRENTLY waits in turn.
    """
    for _ in range(LOCK_ASKED_MAX):
        is_ours = connection.execute(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": MIGRATION_LOCK}).scalar_one()
        connection.commit()
        if is_ours:
            return
        time.sleep(LOCK_PAUSE_S)
    raise TimeoutError("another process has been migrating this database for an hour")


async def migrate_online() -> None:
    """Open the connection named by the configuration and migrate over it."""
    # A migration that cannot have its lock gives up instead of queueing every reader behind it.
    settings = {"lock_timeout": "5s", "application_name": "marquee-migrate"}
    engine = engine_for(context.config.attributes["url"], driver={}, settings=settings, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run_migrations)
    await engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Migrations run against a database: set DATABASE_URL and use `marquee migrate`.")
asyncio.run(migrate_online())
