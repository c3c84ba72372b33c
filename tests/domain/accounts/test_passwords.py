"""Hashing: beside the event loop, within bounds, and as expensive as it should be."""

import asyncio
import threading
import time
import tracemalloc

import pytest

from domain.accounts.password_rules import PASSWORD_MAX_CHARS, new_password, prepared_password
from domain.accounts.passwords import LANES, MEMORY_KIB, PASSES, Cost, Passwords
from domain.kernel.refusals import InvalidInput, Unavailable

CHEAP = Cost(memory_kib=8, passes=1, lanes=1)


def test_a_hash_costs_what_it_should() -> None:
    assert (MEMORY_KIB >= 19 * 1024, PASSES >= 2, LANES >= 1) == (True, True, True)


async def test_a_hash_matches_its_password_only() -> None:
    passwords = Passwords()
    encoded = await passwords.hash("four rusty wheels")
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.matches(encoded, "four rusty wheels")
    assert not await passwords.matches(encoded, "four rusty wheel")
    assert not await passwords.matches("garbage", "four rusty wheels")
    assert not await passwords.matches(None, "four rusty wheels")
    assert encoded != await passwords.hash("four rusty wheels")
    passwords.close()


async def test_nobodys_password_takes_as_long_as_somebodys() -> None:
    passwords = Passwords()
    encoded = await passwords.hash("four rusty wheels")

    async def took_s(known: str | None) -> float:
        async def once() -> float:
            began = time.perf_counter()
            await passwords.matches(known, "a wrong password")
            return time.perf_counter() - began

        return min([await once() for _ in range(7)])

    somebodys, nobodys = await took_s(encoded), await took_s(None)
    assert 0.5 < nobodys / somebodys < 2
    passwords.close()


async def test_the_loop_goes_on_while_passwords_are_hashed() -> None:
    passwords = Passwords()
    hashing = asyncio.gather(*(passwords.hash("four rusty wheels") for _ in range(4)))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert turns > 4
    passwords.close()


async def test_few_hash_at_once_few_wait_and_others_are_told_to_come_back() -> None:
    passwords = Passwords(threads=1, waiting_max=3, cost=CHEAP)
    # The one thread is busy until the test says so.
    release = threading.Event()
    passwords._pool.submit(release.wait)
    waiting = [asyncio.create_task(passwords.hash("four rusty wheels")) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as refused:
        await passwords.hash("four rusty wheels")
    assert refused.value.retry_after_s == 5
    # Whoever leaves does not free the thread that is going to work for them; a place not begun is freed.
    waiting[0].cancel()
    release.set()
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert all(isinstance(encoded, str) for encoded in done[1:])
    await asyncio.sleep(0.01)
    assert await passwords.matches(str(done[1]), "four rusty wheels")
    passwords.close()


async def test_a_hash_of_other_costs_is_outdated_and_still_counts() -> None:
    cheap, dear = Passwords(cost=CHEAP), Passwords()
    encoded = await cheap.hash("four rusty wheels")
    assert await dear.matches(encoded, "four rusty wheels")
    assert (cheap.is_outdated(encoded), dear.is_outdated(encoded), dear.is_outdated("garbage")) == (False, True, True)
    cheap.close()
    dear.close()


def test_ten_megabytes_are_refused_without_being_read() -> None:
    given = "\ufdfa" * 10_000_000  # each becomes eighteen characters in NFKC
    tracemalloc.start()
    began = time.perf_counter()
    with pytest.raises(InvalidInput):
        prepared_password(given)
    assert time.perf_counter() - began < 0.05
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def test_a_password_is_the_same_from_every_keyboard() -> None:
    assert prepared_password("Å four\u00a0wheels") == prepared_password("A\u030a four wheels")
    assert prepared_password("ｆour wheels") == prepared_password("four wheels")
    assert prepared_password("Four wheels") != prepared_password("four wheels")
    assert len(prepared_password("x" * PASSWORD_MAX_CHARS)) == PASSWORD_MAX_CHARS


@pytest.mark.parametrize("given", ["", "a\u0000b", "a\nb", "\ud800", "a\u0378b", "\u0085"])
def test_what_is_no_text_is_no_password(given: str) -> None:
    with pytest.raises(InvalidInput):
        prepared_password(given)


@pytest.mark.parametrize(
    "given",
    [
        "short", "x" * 20, "abababababab", "password", "Password1234!", "0123456789", "9876543210", "abcdefghijkl",
        "qwertyuiop", "ada.lovelace", "Ada.Lovelace1", "ada.lovelace@example.com", "iloveyou2026",
    ],
)  # fmt: skip
def test_what_anybody_would_guess_is_no_new_password(given: str) -> None:
    with pytest.raises(InvalidInput):
        new_password(given, email="ada.lovelace@example.com")


@pytest.mark.parametrize(
    "given", ["four rusty wheels", "пять ржавых колёс", "五つの錆びた古い車輪です", "x7#Kq2!vLp", "ada and her engine"]
)
def test_what_only_its_owner_puts_together_is_one(given: str) -> None:
    assert new_password(given, email="ada@example.com") == prepared_password(given)


async def test_who_comes_together_takes_turns() -> None:
    passwords = Passwords(threads=1, waiting_max=6, cost=CHEAP)
    inside, most, release = 0, 0, asyncio.Event()

    async def one() -> None:
        nonlocal inside, most
        async with passwords.turn():
            inside += 1
            most = max(most, inside)
            await release.wait()
            inside -= 1

    waiting = [asyncio.create_task(one()) for _ in range(7)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await one()
    waiting[6].cancel()
    await asyncio.sleep(0)
    waiting[6] = asyncio.create_task(one())
    release.set()
    await asyncio.gather(*waiting)
    assert most == 2
    passwords.close()
