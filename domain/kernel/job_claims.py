"""The worker's side of the queue: claim under a lease, renew, and settle, every write fenced by the attempt.

Each claim raises the job's attempt number. Whatever a worker does for a job afterwards, it does for one attempt;
once the lease is lost and another worker has claimed the job, the old attempt matches no row and is refused.
PgQueuer's own worker settles by job id alone, so a frozen process that wakes up could delete, retry or keep alive
a job that is running elsewhere. That is why the statements here carry the attempt.
"""

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

import orjson
from pgqueuer.domain.models import TracebackRecord, utc_now
from pgqueuer.domain.types import JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.job_queries import queries_on

# A worker frozen inside a transaction would hold its row locks, and with them the job, for as long as it is frozen.
# PostgreSQL ends such a transaction after this long, well within the 30 s in which a job must be taken over.
FROZEN_TRANSACTION_MS = 5_000
# What a failure may write into the log: enough for a stack, not enough for a dump.
FAILURE_MAX_CHARS = 8_000
LOG_KEPT = timedelta(days=7)

Ending = Literal["successful", "canceled", "deleted"]


class LeaseLost(Exception):
    """The job is no longer this attempt's: it was cancelled, or taken over after the lease ran out. Write nothing."""

    def __init__(self, claim: "Claim") -> None:
        super().__init__(f"job {claim.job_id} ({claim.entrypoint}) is no longer attempt {claim.attempt}'s")
        self.claim = claim


@dataclass(frozen=True)
class Claim:
    """One attempt at one job.

    `attempt` only ever rises and fences the attempt's writes. `tries` counts the attempts that may end in a dead
    job: those since it was enqueued or put back by a person, without the ones a draining worker gave back. `cause`
    names the span in which it was enqueued, if that was traced.
    """

    job_id: int
    attempt: int
    tries: int
    entrypoint: str
    payload: Mapping[str, object]
    priority: int
    cause: str | None = None


@dataclass(frozen=True)
class Failure:
    """Why an attempt failed: one line for people, and the stack when there is one.

    The reason often quotes what somebody uploaded. It is kept as PostgreSQL can store it and a person can read it.
    """

    reason: str
    error: BaseException | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", _storable(self.reason)[:FAILURE_MAX_CHARS])

    @property
    def stack(self) -> str:
        """The end of the error's stack, where the cause stands; empty without an error."""
        if self.error is None:
            return ""
        return _storable("".join(traceback.format_exception(self.error)))[-FAILURE_MAX_CHARS:]


async def bound_transaction(connection: AsyncConnection) -> None:
    """Let PostgreSQL end this transaction when its worker freezes in it."""
    await connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = {FROZEN_TRANSACTION_MS}"))


async def claim_jobs(
    connection: AsyncConnection, *, worker_id: UUID, entrypoints: Sequence[str], limit: int, lease_s: float
) -> list[Claim]:
    """Claim up to `limit` jobs that are due, or whose worker has not renewed its lease for `lease_s`."""
    await bound_transaction(connection)
    jobs = await queries_on(connection).dequeue(
        batch_size=limit,
        entrypoints={QueueEntrypoint(name): EntrypointExecutionParameter(0) for name in entrypoints},
        queue_manager_id=QueueManagerId(worker_id),
        global_concurrency_limit=None,
        heartbeat_timeout=timedelta(seconds=lease_s),
    )
    if not jobs:
        return []
    rows = await connection.execute(
        text(
            "UPDATE pgqueuer SET attempts = attempts + 1 WHERE id = ANY(:ids) RETURNING id, attempts,"
            " attempts - coalesce((headers->>'forgiven')::int, 0) AS tries, headers->>'traceparent' AS cause"
        ),
        {"ids": [job.id for job in jobs]},
    )
    known = {row.id: row for row in rows}
    return [
        Claim(
            job_id=job.id,
            attempt=known[job.id].attempts,
            tries=known[job.id].tries,
            entrypoint=job.entrypoint,
            payload=orjson.loads(job.payload or b"{}"),
            priority=job.priority,
            cause=known[job.id].cause,
        )
        for job in jobs
    ]


async def renew_leases(connection: AsyncConnection, claims: Sequence[Claim]) -> set[JobId]:
    """Renew the leases still held and return their job ids; a claim that is missing has been lost."""
    rows = await connection.execute(
        text(
            "UPDATE pgqueuer AS job SET heartbeat = now()"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:attempts AS int[])) AS held(id, attempt)"
            " WHERE job.id = held.id AND job.attempts = held.attempt AND job.status = 'picked' RETURNING job.id"
        ),
        {"ids": [claim.job_id for claim in claims], "attempts": [claim.attempt for claim in claims]},
    )
    return {row.id for row in rows}


async def hold(connection: AsyncConnection, claim: Claim) -> None:
    """Make the rest of this transaction valid only for the attempt that owns the job.

    Locks the job's row FOR KEY SHARE: a takeover, which locks FOR UPDATE and skips what is locked, waits for this
    transaction, while heartbeats go on.

    Raises:
        LeaseLost: the job was cancelled or belongs to a later attempt.
    """
    await bound_transaction(connection)
    row = await connection.execute(
        text("SELECT 1 FROM pgqueuer WHERE id = :id AND attempts = :attempt AND status = 'picked' FOR KEY SHARE"),
        {"id": claim.job_id, "attempt": claim.attempt},
    )
    if row.first() is None:
        raise LeaseLost(claim)


async def finish(connection: AsyncConnection, claim: Claim, *, ending: Ending, note: Failure | None = None) -> None:
    """Take the job off the queue and record how it ended. Raises LeaseLost like every settling verb."""
    await _settle(
        connection,
        claim,
        text("DELETE FROM pgqueuer WHERE id = :id AND attempts = :attempt AND status = 'picked' RETURNING id"),
        logged=ending,
        failure=note,
    )


async def retry_later(connection: AsyncConnection, claim: Claim, *, delay_s: float, failure: Failure) -> None:
    """Put the job back for another attempt after `delay_s`."""
    await _settle(
        connection,
        claim,
        text(
            "UPDATE pgqueuer SET status = 'queued', queue_manager_id = NULL, updated = now(),"
            " execute_after = now() + make_interval(secs => :delay_s)"
            " WHERE id = :id AND attempts = :attempt AND status = 'picked' RETURNING id"
        ),
        logged="queued",
        failure=failure,
        delay_s=delay_s,
    )


async def give_back(connection: AsyncConnection, claim: Claim) -> None:
    """Return an unfinished job because its worker stops; the attempt is forgiven."""
    await _settle(
        connection,
        claim,
        text(
            "UPDATE pgqueuer SET status = 'queued', queue_manager_id = NULL, updated = now(), execute_after = now(),"
            " headers = coalesce(nullif(headers, 'null'::jsonb), '{}'::jsonb)"
            " || jsonb_build_object('forgiven', coalesce((headers->>'forgiven')::int, 0) + 1)"
            " WHERE id = :id AND attempts = :attempt AND status = 'picked' RETURNING id"
        ),
        logged="queued",
        failure=None,
    )


async def bury(connection: AsyncConnection, claim: Claim, *, failure: Failure) -> None:
    """Make it a dead job: kept with its reason, claimed by nobody until a person puts it back.

    It takes the place of the one that died before under its key, so what keeps dying is one dead job.
    """
    await _settle(
        connection,
        claim,
        text(
            "UPDATE pgqueuer SET status = 'failed', queue_manager_id = NULL, updated = now()"
            " WHERE id = :id AND attempts = :attempt AND status = 'picked' RETURNING id"
        ),
        logged="failed",
        failure=failure,
    )
    await connection.execute(
        text(
            "DELETE FROM pgqueuer AS earlier USING pgqueuer AS job WHERE job.id = :id"
            " AND earlier.dedupe_key = job.dedupe_key AND earlier.status = 'failed' AND earlier.id <> job.id"
        ),
        {"id": claim.job_id},
    )


async def prune_job_log(connection: AsyncConnection, *, kept: timedelta = LOG_KEPT, limit: int) -> int:
    """Delete up to `limit` log rows older than `kept`, except those of jobs still on the queue; return how many."""
    result = await connection.execute(
        text(
            "DELETE FROM pgqueuer_log WHERE id IN ("
            " SELECT log.id FROM pgqueuer_log AS log WHERE log.created < now() - CAST(:kept AS interval)"
            " AND NOT EXISTS (SELECT 1 FROM pgqueuer job WHERE job.id = log.job_id) LIMIT :limit)"
        ),
        {"kept": kept, "limit": limit},
    )
    return result.rowcount


async def _settle(
    connection: AsyncConnection,
    claim: Claim,
    statement: TextClause,
    *,
    logged: str,
    failure: Failure | None,
    **arguments: object,
) -> None:
    fence = {"id": claim.job_id, "attempt": claim.attempt}
    if (await connection.execute(statement, fence | arguments)).first() is None:
        raise LeaseLost(claim)
    await connection.execute(
        text(
            "INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority, traceback)"
            " VALUES (:id, CAST(:status AS pgqueuer_status), :entrypoint, :priority, CAST(:traceback AS jsonb))"
        ),
        {
            "id": claim.job_id,
            "status": logged,
            "entrypoint": claim.entrypoint,
            "priority": claim.priority,
            "traceback": None if failure is None else _record(claim, failure).model_dump_json(),
        },
    )


def _record(claim: Claim, failure: Failure) -> TracebackRecord:
    return TracebackRecord(
        job_id=JobId(claim.job_id),
        timestamp=utc_now(),
        exception_type="Failure" if failure.error is None else type(failure.error).__name__,
        exception_message=failure.reason,
        traceback=failure.stack,
        additional_context={"entrypoint": claim.entrypoint, "attempt": claim.attempt},
    )


def _storable(words: str) -> str:
    """Write out what PostgreSQL's text cannot hold: the character NUL, and halves of surrogate pairs."""
    return words.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
