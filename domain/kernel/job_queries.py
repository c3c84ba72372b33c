"""PgQueuer's own SQL: its tables, and its queries on a connection of ours."""

from pgqueuer.adapters.persistence.qb import DBSettings, QueryBuilderEnvironment, QueryQueueBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import Durability
from pgqueuer.domain.types import Channel
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.job_driver import ConnectionDriver

# Named one by one, because PgQueuer would otherwise read them from variables as common as CHANNEL or FUNCTION.
QUEUE_SETTINGS = DBSettings(
    prefix="",
    db_schema=None,
    channel=Channel("ch_pgqueuer"),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
)

_GROUP_INDEX = "CREATE INDEX pgqueuer_group_idx ON pgqueuer ((headers->>'group')) WHERE headers ? 'group';"


def install_sql() -> str:
    """Return one statement that creates PgQueuer's tables, for a migration.

    It is a DO block because a prepared statement, which is all asyncpg runs through SQLAlchemy, holds one command.
    """
    body = QueryBuilderEnvironment(QUEUE_SETTINGS).build_install_query()
    return f"DO $install$ BEGIN\n{body}\n\n{_GROUP_INDEX}\nEND $install$"


def queries_on(connection: AsyncConnection) -> Queries:
    """Return PgQueuer's queries, running inside the transaction of `connection`."""
    return Queries(
        ConnectionDriver(connection),
        qbe=QueryBuilderEnvironment(QUEUE_SETTINGS),
        qbq=QueryQueueBuilder(QUEUE_SETTINGS),
    )
