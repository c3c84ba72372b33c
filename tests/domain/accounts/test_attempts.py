"""Attempts: as many at once as there are, filling again evenly, however many come together."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.accounts import Limit, TooManyAttempts, prune_attempts, take_attempt, take_attempts
from domain.accounts.attempts import return_attempt
from domain.kernel.bus import Bus
from domain.kernel.work import Database, Work

LIMIT = Limit("test", burst=3, per_s=90)
OTHER = Limit("other", burst=1, per_s=90)


def later(work: Work, seconds: float) -> Work:
    return Work(work.connection, now=work.now + timedelta(seconds=seconds))


async def test_a_bucket_holds_its_burst_and_fills_evenly(work: Work) -> None:
    for _ in range(3):
        await take_attempt(work, limit=LIMIT, subject="ada")
    with pytest.raises(TooManyAttempts) as refused:
        await take_attempt(work, limit=LIMIT, subject="ada")
    assert refused.value.retry_after_s == 30
    await take_attempt(work, limit=LIMIT, subject="eve")
    with pytest.raises(TooManyAttempts):
        await take_attempt(later(work, 29), limit=LIMIT, subject="ada")
    await take_attempt(later(work, 30), limit=LIMIT, subject="ada")
    with pytest.raises(TooManyAttempts):
        await take_attempt(later(work, 59), limit=LIMIT, subject="ada")
    for _ in range(3):
        await take_attempt(later(work, 1_000), limit=LIMIT, subject="ada")


async def test_an_attempt_that_is_given_back_can_be_taken_again(work: Work) -> None:
    for _ in range(3):
        await take_attempt(work, limit=LIMIT, subject="ada")
    await return_attempt(work, limit=LIMIT, subject="ada")
    await take_attempt(work, limit=LIMIT, subject="ada")
    with pytest.raises(TooManyAttempts):
        await take_attempt(work, limit=LIMIT, subject="ada")


async def test_several_buckets_are_taken_from_or_none(database: Database, bus: Bus) -> None:
    for subject in ("ada", "eve"):
        try:
            async with database.work(bus=bus) as work:
                await take_attempts(work, subjects={LIMIT: subject, OTHER: "one network"})
        except TooManyAttempts:
            assert subject == "eve"
    async with database.read() as connection:
        kinds = (await connection.execute(text("SELECT kind, count(*) FROM attempts GROUP BY 1 ORDER BY 1"))).all()
    assert [tuple(row) for row in kinds] == [("other", 1), ("test", 1)]


async def _together(database: Database, bus: Bus, count: int) -> int:
    """Let so many try at once; return how many got an attempt."""

    async def one() -> bool:
        try:
            async with database.work(bus=bus) as work:
                await take_attempt(work, limit=LIMIT, subject="ada")
        except TooManyAttempts:
            return False
        return True

    return sum(await asyncio.gather(*(one() for _ in range(count))))


async def test_many_at_once_get_no_more_than_there_are(database: Database, bus: Bus) -> None:
    assert await _together(database, bus, 30) == 3


async def test_the_race_would_catch_a_bucket_that_is_read_first(
    database: Database, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broken twin: it looks, and then takes."""
    from domain.accounts import store

    async def looks_first(connection, *, kind, subject, burst, per_s, at):  # type: ignore[no-untyped-def]  # a twin
        found = await connection.scalar(
            text("SELECT extract(epoch FROM full_at - :at) FROM attempts WHERE kind = :kind AND subject = :subject"),
            {"at": at, "kind": kind, "subject": subject},
        )
        used_s = max(float(found or 0), 0)
        await asyncio.sleep(0)
        if used_s + per_s / burst > per_s:
            return 1.0
        await connection.execute(
            text(
                "INSERT INTO attempts VALUES (:kind, :subject, CAST(:at AS timestamptz) + :used)"
                " ON CONFLICT (kind, subject) DO UPDATE SET full_at = excluded.full_at"
            ),
            {"at": at, "kind": kind, "subject": subject, "used": timedelta(seconds=used_s + per_s / burst)},
        )
        return None

    monkeypatch.setattr(store, "take_attempt", looks_first)
    assert await _together(database, bus, 30) > 3


async def test_who_tried_is_not_kept_readable_and_not_for_long(work: Work) -> None:
    await take_attempt(work, limit=LIMIT, subject="ada@example.com")
    kept = (await work.connection.execute(text("SELECT subject FROM attempts"))).scalar_one()
    assert b"ada" not in bytes(kept)
    assert await prune_attempts(work, limit=10) == 0
    assert await prune_attempts(later(work, 31), limit=10) == 1
