"""Jobs: work for later, inserted in the transaction that wants it done. The queue is PgQueuer's tables.

A job is enqueued once, claimed by one worker at a time under a lease, and ends as one of four values:
done, tried again later, cancelled, discarded. What keeps failing becomes a dead job: kept, listed, and put
back by a person. `job_claims` has the worker's side of the queue, `job_runner` the loop of a worker process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.kernel.ids import plain_id
from domain.kernel.tracing import current_cause

# The topic whose doorbell says "look at the queue now". A lost ring costs one polling interval.
JOBS_TOPIC = "jobs"
# A payload names things by id; anything larger belongs in a table or in the object store.
PAYLOAD_MAX_BYTES = 16_384
DEAD_JOBS_MAX = 200


@dataclass(frozen=True)
class Job:
    """A unit of later work.

    `entrypoint` names the handler. A higher `priority` goes first. While a job with the same `dedupe_key` is
    queued or running, inserting another does nothing. Jobs of one `group` are cancelled together.
    """

    entrypoint: str
    payload: Mapping[str, object]
    priority: int = 0
    delay_s: float = 0
    dedupe_key: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class DeadJob:
    """A job that used up its attempts. `reason` is its last failure in one line."""

    id: int
    entrypoint: str
    payload: Mapping[str, object]
    attempts: int
    reason: str
    died_at: datetime


@dataclass(frozen=True)
class QueueDepth:
    """How many jobs of one entrypoint are `queued`, `picked` or `failed` (dead).

    `oldest_s` is the age of the oldest in seconds.
    """

    entrypoint: str
    status: str
    count: int
    oldest_s: float


async def insert_job(connection: AsyncConnection, job: Job) -> None:
    """Insert a job that exists if, and only if, the caller's transaction commits."""
    await insert_jobs(connection, [job])


async def insert_jobs(connection: AsyncConnection, jobs: Sequence[Job]) -> None:
    """Insert many jobs with one statement, each as `insert_job` would."""
    if not jobs:
        return
    # PgQueuer is large, and a process that has never enqueued anything needs none of it.
    from domain.kernel.job_queries import queries_on

    cause = current_cause()
    await queries_on(connection).enqueue(
        [job.entrypoint for job in jobs],
        [_payload_of(job) for job in jobs],
        [job.priority for job in jobs],
        [timedelta(seconds=job.delay_s) for job in jobs],
        [job.dedupe_key for job in jobs],
        [_headers(job, cause) for job in jobs],
        on_conflict="skip",
    )


async def cancel_jobs(connection: AsyncConnection, *, group: str) -> int:
    """Remove every queued, running and dead job of a group and return how many there were.

    Waits for the transactions that running handlers are in. A handler locks its job first and its subject second,
    so call this before locking the subject too.

    A running handler loses its lease with the row: it is stopped at its worker's next heartbeat, within a second
    or two, and until then its writes are refused.
    """
    rows = await connection.execute(
        text(
            "WITH removed AS (DELETE FROM pgqueuer WHERE headers->>'group' = :grp AND headers ? 'group'"
            " RETURNING id, entrypoint, priority)"
            " INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)"
            " SELECT id, 'canceled', entrypoint, priority FROM removed RETURNING job_id"
        ),
        {"grp": group},
    )
    return len(rows.all())


async def withdraw_jobs(connection: AsyncConnection, *, group: str, keep_job: int | None = None) -> int:
    """Remove what is queued or idly running of a group, from within one of its own jobs; return how many.

    Never waits: a job whose handler is in a transaction is left to notice by itself. Dead jobs stay, and so does
    `keep_job`, the caller's own, which it settles itself.
    """
    rows = await connection.execute(
        text(
            "WITH chosen AS (SELECT id FROM pgqueuer WHERE headers->>'group' = :grp AND headers ? 'group'"
            " AND status <> 'failed' AND id <> :kept FOR UPDATE SKIP LOCKED),"
            " removed AS (DELETE FROM pgqueuer WHERE id IN (SELECT id FROM chosen)"
            " RETURNING id, entrypoint, priority)"
            " INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)"
            " SELECT id, 'canceled', entrypoint, priority FROM removed RETURNING job_id"
        ),
        {"grp": group, "kept": keep_job or 0},
    )
    return len(rows.all())


async def dead_jobs(connection: AsyncConnection, *, limit: int = DEAD_JOBS_MAX) -> Sequence[DeadJob]:
    """List the jobs that used up their attempts, the latest first."""
    rows = await connection.execute(
        text(
            "SELECT j.id, j.entrypoint, j.payload, j.attempts, j.updated,"
            " (SELECT l.traceback->>'exception_message' FROM pgqueuer_log l"
            "  WHERE l.job_id = j.id AND l.traceback IS NOT NULL ORDER BY l.id DESC LIMIT 1) AS reason"
            " FROM pgqueuer j WHERE j.status = 'failed' ORDER BY j.updated DESC, j.id DESC LIMIT :limit"
        ),
        {"limit": min(limit, DEAD_JOBS_MAX)},
    )
    return [
        DeadJob(
            id=row.id,
            entrypoint=row.entrypoint,
            payload=orjson.loads(row.payload or b"{}"),
            attempts=row.attempts,
            reason=row.reason or "unknown",
            died_at=row.updated,
        )
        for row in rows
    ]


async def requeue_dead_job(connection: AsyncConnection, *, job_id: int) -> bool:
    """Give a dead job a fresh set of attempts; return whether there was such a dead job.

    When a job with its key is queued or running by now, that one does its work: the dead one only goes.

    The attempt number goes on counting instead of starting again at zero: it fences, and a zombie of the old
    first attempt must not pass for the new one.
    """
    try:
        async with connection.begin_nested():
            return await _put_back(connection, job_id)
    except IntegrityError:
        return await _drop_dead_job(connection, job_id)


async def _put_back(connection: AsyncConnection, job_id: int) -> bool:
    rows = await connection.execute(
        text(
            "WITH requeued AS (UPDATE pgqueuer SET status = 'queued', execute_after = now(), updated = now(),"
            " queue_manager_id = NULL,"
            " headers = coalesce(nullif(headers, 'null'::jsonb), '{}'::jsonb)"
            " || jsonb_build_object('forgiven', attempts)"
            " WHERE id = :id AND status = 'failed' RETURNING id, entrypoint, priority)"
            " INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)"
            " SELECT id, 'queued', entrypoint, priority FROM requeued RETURNING job_id"
        ),
        {"id": job_id},
    )
    return rows.first() is not None


async def _drop_dead_job(connection: AsyncConnection, job_id: int) -> bool:
    rows = await connection.execute(
        text(
            "WITH dropped AS (DELETE FROM pgqueuer WHERE id = :id AND status = 'failed'"
            " RETURNING id, entrypoint, priority)"
            " INSERT INTO pgqueuer_log (job_id, status, entrypoint, priority)"
            " SELECT id, 'deleted', entrypoint, priority FROM dropped RETURNING job_id"
        ),
        {"id": job_id},
    )
    return rows.first() is not None


async def queue_depths(connection: AsyncConnection) -> Sequence[QueueDepth]:
    """Count the queue by entrypoint and status, for metrics and for scaling workers."""
    rows = await connection.execute(
        text(
            "SELECT entrypoint, status::text AS status, count(*) AS jobs,"
            " extract(epoch FROM now() - min(created))::float8 AS oldest_s"
            " FROM pgqueuer GROUP BY entrypoint, status ORDER BY entrypoint, status"
        )
    )
    return [QueueDepth(row.entrypoint, row.status, row.jobs, row.oldest_s) for row in rows]


def _headers(job: Job, cause: str | None) -> dict[str, str] | None:
    given = {"group": job.group, "traceparent": cause}
    return {name: value for name, value in given.items() if value is not None} or None


def _payload_of(job: Job) -> bytes:
    payload = orjson.dumps(job.payload, default=plain_id)
    assert len(payload) <= PAYLOAD_MAX_BYTES, f"the payload of {job.entrypoint} has {len(payload)} bytes"
    return payload
