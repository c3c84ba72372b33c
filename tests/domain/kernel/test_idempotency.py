"""One effect per key, whatever is repeated, changed or raced."""

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import pytest
from sqlalchemy import text

from domain.kernel.bus import Bus
from domain.kernel.idempotency import IdempotencyKeyReused, RequestInProgress, answer_once
from domain.kernel.refusals import InvalidInput, Refusal
from domain.kernel.work import Database, Work

ACCOUNT = uuid4()


class Effect:
    """Counts how often it happened."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> Mapping[str, object]:
        self.count += 1
        return {"number": self.count}


async def ask(work: Work, effect: Effect, *, key: str = "key-12345", amount: int = 1) -> Mapping[str, object]:
    return await answer_once(
        work, account_id=ACCOUNT, operation="buy", key=key, request={"amount": amount}, perform=effect
    )


async def test_a_retry_gets_the_first_answer(work: Work) -> None:
    effect = Effect()
    assert await ask(work, effect) == {"number": 1}
    assert await ask(work, effect) == {"number": 1}
    assert effect.count == 1


async def test_a_changed_request_is_refused(work: Work) -> None:
    effect = Effect()
    await ask(work, effect)
    with pytest.raises(IdempotencyKeyReused):
        await ask(work, effect, amount=2)
    assert effect.count == 1


async def test_another_key_is_another_effect(work: Work) -> None:
    effect = Effect()
    await ask(work, effect)
    assert await ask(work, effect, key="key-67890") == {"number": 2}


@pytest.mark.parametrize("key", ["short", "x" * 129, "key with \n break", "schlüssel-1"])
async def test_a_key_that_cannot_be_kept_is_refused(work: Work, key: str) -> None:
    effect = Effect()
    with pytest.raises(InvalidInput):
        await ask(work, effect, key=key)
    assert effect.count == 0


async def test_a_refused_request_is_not_remembered(database: Database, bus: Bus) -> None:
    async def refuse() -> Mapping[str, object]:
        raise Refusal("not now")

    with pytest.raises(Refusal):
        async with database.work(bus=bus) as work:
            await answer_once(work, account_id=ACCOUNT, operation="buy", key="key-12345", request={}, perform=refuse)

    async with database.work(bus=bus) as work:
        effect = Effect()
        answer = await answer_once(
            work, account_id=ACCOUNT, operation="buy", key="key-12345", request={}, perform=effect
        )
    assert answer == {"number": 1}


async def test_twenty_at_once_have_one_effect(database: Database, bus: Bus) -> None:
    await _make_purchases(database, bus)

    async def retry() -> Mapping[str, object] | str:
        while True:
            try:
                async with database.work(bus=bus) as work:
                    return await answer_once(
                        work,
                        account_id=ACCOUNT,
                        operation="buy",
                        key="key-12345",
                        request={},
                        perform=lambda: _purchase(work),
                    )
            except RequestInProgress:
                await asyncio.sleep(0.01)

    answers = await asyncio.gather(*(retry() for _ in range(20)))

    async with database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM purchases"))).scalar_one() == 1
    assert all(answer == answers[0] for answer in answers)


async def _make_purchases(database: Database, bus: Bus) -> None:
    async with database.work(bus=bus) as work:
        await work.connection.execute(text("CREATE TABLE purchases (id uuid PRIMARY KEY)"))


async def _purchase(work: Work) -> Mapping[str, object]:
    purchase_id = work.new_id()
    await work.connection.execute(text("INSERT INTO purchases VALUES (:id)"), {"id": purchase_id})
    await asyncio.sleep(0.02)
    return {"id": str(purchase_id)}
