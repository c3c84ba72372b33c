"""Migrations run on a live service: they never wait long for a lock, and never do in one step what needs three."""

import ast
import asyncio
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, pool, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from domain.kernel.tables import metadata
from migrations import config_for, upgrade
from tests.addresses import with_option

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = sorted((ROOT / "migrations" / "versions").glob("[0-9]*.py"))
# The job queue's tables are PgQueuer's own; its SQL is the truth about them.
FOREIGN_TABLES = re.compile(r"^(pgqueuer|alembic_version)")

# On a table that exists already, each of these rewrites it, scans it under a lock, or breaks the running version.
UNSAFE_ON_EXISTING = {
    "alter_column": "changes a column under the running version: add a new one, backfill, then switch",
    "drop_column": "breaks the running version: stop using the column in one release, drop it in the next",
    "drop_table": "breaks the running version: stop using the table in one release, drop it in the next",
    "rename_table": "breaks the running version: add a view or a new table instead",
    "create_foreign_key": "scans under a lock: add it NOT VALID, then VALIDATE in a later migration",
    "create_check_constraint": "scans under a lock: add it NOT VALID, then VALIDATE in a later migration",
    "create_unique_constraint": "scans under a lock: build the index CONCURRENTLY first",
    "create_exclude_constraint": "scans under a lock, and cannot be made otherwise: plan it",
}


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "op"
        ):
            yield node


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _name(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Attribute)
    return call.func.attr


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def faults_of(source: str) -> list[str]:
    """Return what is unsafe about a migration, one line each."""
    tree = ast.parse(source)
    upgrade = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade")
    created = {_text(call.args[0]) for call in _calls(upgrade) if _name(call) == "create_table"}
    faults = []
    for call in _calls(upgrade):
        verb, table = _name(call), _table_of(call)
        if verb in UNSAFE_ON_EXISTING and table not in created:
            faults.append(f"{verb} on {table}: {UNSAFE_ON_EXISTING[verb]}")
        if verb == "create_index" and table not in created and _keyword(call, "postgresql_concurrently") is None:
            faults.append(f"create_index on {table}: build it with postgresql_concurrently in an autocommit block")
        if verb == "add_column" and table not in created:
            faults += _column_faults(call, table)
        if verb == "execute" and re.search(r"lock_timeout\s*=\s*'?0", ast.unparse(call)):
            faults.append("execute: switches the lock timeout off")
    return faults


def _table_of(call: ast.Call) -> str:
    position = 1 if _name(call).startswith("create_") and _name(call) != "create_table" else 0
    return _text(call.args[position]) if len(call.args) > position else "?"


def _column_faults(call: ast.Call, table: str) -> list[str]:
    column = call.args[1]
    assert isinstance(column, ast.Call), "add_column takes a Column"
    nullable = _keyword(column, "nullable")
    is_required = isinstance(nullable, ast.Constant) and nullable.value is False
    faults = []
    if is_required and _keyword(column, "server_default") is None:
        faults.append(f"add_column on {table}: NOT NULL without a server default breaks the running version's inserts")
    if any(isinstance(part, ast.Call) and "ForeignKey" in ast.unparse(part.func) for part in column.args):
        faults.append(f"add_column on {table}: add the foreign key NOT VALID, then VALIDATE in a later migration")
    return faults


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_does_nothing_unsafe_to_a_live_table(path: Path) -> None:
    assert faults_of(path.read_text()) == []


@pytest.mark.parametrize(
    "body",
    [
        'op.drop_column("titles", "name")',
        'op.alter_column("titles", "name", nullable=False)',
        'op.create_index("titles_name_idx", "titles", ["name"])',
        'op.add_column("titles", sa.Column("rank", sa.Integer, nullable=False))',
        'op.add_column("titles", sa.Column("owner", sa.Uuid, sa.ForeignKey("accounts.id")))',
        'op.create_foreign_key("fk", "titles", "accounts", ["owner"], ["id"])',
        "op.execute(\"SET lock_timeout = '0'\")",
    ],
)
def test_the_lint_catches_unsafe_steps(body: str) -> None:
    assert faults_of(f"def upgrade():\n    {body}\n")


def test_the_lint_lets_safe_steps_pass() -> None:
    safe = """
def upgrade():
    op.create_table("polls", sa.Column("id", sa.Uuid, primary_key=True))
    op.create_index("polls_id_idx", "polls", ["id"])
    op.add_column("titles", sa.Column("note", sa.Text))
    op.add_column("titles", sa.Column("rank", sa.Integer, nullable=False, server_default="0"))
    op.create_index("titles_rank_idx", "titles", ["rank"], postgresql_concurrently=True)
"""
    assert faults_of(safe) == []


def test_every_migration_waits_for_a_lock_only_briefly() -> None:
    source = (ROOT / "migrations" / "env.py").read_text()
    timeout = re.search(r'"lock_timeout": "(\d+)s"', source)
    assert timeout is not None
    assert 1 <= int(timeout[1]) <= 10


def test_migrations_form_one_line() -> None:
    script = ScriptDirectory.from_config(config_for("postgresql://unused"))
    assert len(script.get_heads()) == 1
    assert len(list(script.walk_revisions())) == len(VERSIONS)


async def test_a_second_migrator_waits_for_the_first_and_holds_up_nothing(database_url: str) -> None:
    first = await asyncpg.connect(database_url)
    await first.execute("SELECT pg_advisory_lock(7236114202)")
    waiting = (
        "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity"
        " WHERE application_name = 'marquee-migrate' AND datname = current_database() AND state = 'idle'"
    )

    # With a lock timeout so short that it runs out many times while we look.
    second = asyncio.create_task(upgrade(with_option(database_url, "lock_timeout=20ms")))
    async with asyncio.timeout(10):
        while not await first.fetchval(waiting):
            await asyncio.sleep(0.01)
        # Builds on every transaction that holds a snapshot, and so on one that waits for a lock in a statement.
        await first.execute("CREATE INDEX CONCURRENTLY built_meanwhile_idx ON facts (kind)")
    await asyncio.sleep(0.3)  # Time itself is under test: the timeout has run out several times.
    assert not second.done()
    await first.close()

    async with asyncio.timeout(10):
        await second


async def test_two_migrators_at_once_migrate_once(server_url: str) -> None:
    admin = await asyncpg.connect(server_url)
    await admin.execute("CREATE DATABASE migrated_by_two")
    url = make_url(server_url).set(database="migrated_by_two").render_as_string(hide_password=False)
    both = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", "migrate", cwd=ROOT, env=os.environ | {"DATABASE_URL": url},
            stdout=asyncio.subprocess.DEVNULL,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [await process.wait() for process in both] == [0, 0]
    migrated = await asyncpg.connect(url)
    assert await migrated.fetchval("SELECT version_num FROM alembic_version") == VERSIONS[-1].name.partition("_")[0]
    await migrated.close()
    await admin.execute("DROP DATABASE migrated_by_two")
    await admin.close()


async def test_the_tables_of_the_code_are_those_of_the_migrated_database(database_url: str) -> None:
    _import_every_store()

    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"include_object": _is_ours, "compare_type": True})
        return list(compare_metadata(context, metadata))

    engine = create_async_engine(make_url(database_url).set(drivername="postgresql+asyncpg"), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()
    assert differences == []


async def test_every_foreign_key_column_leads_an_index(database_url: str) -> None:
    engine = create_async_engine(make_url(database_url).set(drivername="postgresql+asyncpg"), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        rows = await connection.execute(text(UNINDEXED_FOREIGN_KEYS))
        found = [f"{table}.{constraint}" for table, constraint in rows]
    await engine.dispose()
    assert found == []


# Without an index, deleting or changing a referenced row scans the whole table that refers to it.
UNINDEXED_FOREIGN_KEYS = """
SELECT conrelid::regclass::text, conname FROM pg_constraint AS c
WHERE contype = 'f' AND NOT EXISTS (
  SELECT 1 FROM pg_index AS i
  WHERE i.indrelid = c.conrelid AND i.indpred IS NULL
    AND (i.indkey::int2[])[0:array_length(c.conkey, 1) - 1] @> c.conkey
)
"""


def _is_ours(_object: object, name: str | None, _kind: str, _reflected: bool, _compare_to: object) -> bool:
    return name is None or FOREIGN_TABLES.match(name) is None


def _import_every_store() -> None:
    from importlib import import_module

    for path in sorted((ROOT / "domain").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if "store" in parts or "kernel" in parts:
            import_module(".".join(parts).removesuffix(".__init__"))
