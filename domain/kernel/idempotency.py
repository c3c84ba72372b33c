"""One effect per idempotency key: a retry gets the first answer, a changed request is refused.

Refusal
├── IdempotencyKeyReused   the key came with another request before
└── RequestInProgress      the first request with this key is still running
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import Column, DateTime, LargeBinary, Table, Text, Uuid, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.hot import fetch_first
from domain.kernel.ids import plain_id
from domain.kernel.refusals import InvalidInput, Refusal
from domain.kernel.tables import metadata
from domain.kernel.work import Work

KEY_MIN_CHARS = 8
KEY_MAX_CHARS = 128

idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("operation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
)


class IdempotencyKeyReused(Refusal):
    """The key was used before with other arguments. Make a new key for a new request."""

    def __init__(self) -> None:
        super().__init__("This idempotency key was used for another request. Make a new key for a new request.")


class RequestInProgress(Refusal):
    """The first request with this key is still running. Ask again with the same key."""

    def __init__(self) -> None:
        super().__init__("The first request with this key is still running. Repeat it with the same key in a moment.")


async def answer_once(
    work: Work,
    *,
    account_id: UUID,
    operation: str,
    key: str,
    request: Mapping[str, object],
    perform: Callable[[], Awaitable[Mapping[str, object]]],
) -> Mapping[str, object]:
    """Run `perform` once per (account, operation, key) and remember its answer in the same transaction.

    The answer must be JSON; a first call returns it as JSON gives it back, so both calls look alike. A refusal is
    not remembered: nothing happened, and the caller may repeat. Takes an advisory lock until the transaction ends.

    Raises:
        InvalidInput: the key is not 8 to 128 printable ASCII characters.
        IdempotencyKeyReused: same key, other request.
        RequestInProgress: the first request has not committed yet.
    """
    if not (KEY_MIN_CHARS <= len(key) <= KEY_MAX_CHARS and key.isascii() and key.isprintable()):
        raise InvalidInput("idempotencyKey", f"Use {KEY_MIN_CHARS} to {KEY_MAX_CHARS} printable ASCII characters.")
    request_hash = hashlib.sha256(orjson.dumps(request, default=plain_id, option=orjson.OPT_SORT_KEYS)).digest()
    scope = hashlib.sha256(b"\x00".join((account_id.bytes, operation.encode(), key.encode()))).digest()
    locked = await fetch_first(work.connection, _LOCK, int.from_bytes(scope[:8], "big", signed=True))
    # The look comes after the lock: what its last holder committed is seen by this statement and by no earlier one.
    earlier = await fetch_first(work.connection, _LOOK, account_id, operation, key)
    if earlier is not None:
        if earlier["request_hash"] != request_hash:
            raise IdempotencyKeyReused
        return _read(earlier["answer"])
    if locked is None or not locked["locked"]:
        raise RequestInProgress
    answer = orjson.dumps(await perform())
    await fetch_first(work.connection, _KEEP, account_id, operation, key, request_hash, answer, work.now)
    return _read(answer)


async def prune_answers(connection: AsyncConnection, *, before: datetime, limit: int) -> int:
    """Forget up to `limit` answers given before an instant; return how many. Their keys are free again."""
    statement = text(
        "DELETE FROM idempotent_answers WHERE (account_id, operation, key) IN"
        " (SELECT account_id, operation, key FROM idempotent_answers WHERE created_at < :before LIMIT :limit)"
    )
    return (await connection.execute(statement, {"before": before, "limit": limit})).rowcount


_LOCK = "SELECT pg_try_advisory_xact_lock($1) AS locked"
_LOOK = "SELECT request_hash, answer FROM idempotent_answers WHERE account_id = $1 AND operation = $2 AND key = $3"
_KEEP = """
    INSERT INTO idempotent_answers (account_id, operation, key, request_hash, answer, created_at)
    VALUES ($1, $2, $3, $4, $5, $6)
"""


def _read(answer: bytes) -> Mapping[str, object]:
    loaded: Mapping[str, object] = orjson.loads(answer)
    return loaded
