"""Law `signin`: a hundred people who sign in at once do not hold up those who watch.

The 99th percentile of home screens while the hundred passwords are checked, against the same load without them. The
queries keep four connections busy, which is about what one process answers; the passwords are checked beside them.
"""

import asyncio
import json
from contextlib import AsyncExitStack
from time import perf_counter

import asyncpg

from bench.catalog_data import fill_catalog, fill_home
from bench.harness import Target, conclude, print_machine, rounds
from bench.home import asking
from bench.load import HEAD_END, Figures, load, post
from bench.serving import database, marquee
from domain.accounts.passwords import Passwords

ROUNDS = 7
TITLES, ROWS = 1_000, 8
PEOPLE = 100
CONNECTIONS = 4
# As long as a hundred hashes take on one core, and not much longer: what comes after them is as usual.
SECONDS = 3.0
# The load has begun when the people come.
HEAD_START_S = 0.3
MOST_AGAINST_USUAL = 2.0
PASSWORD = "four rusty wheels"

_FILL = """
    INSERT INTO accounts (id, email, display_name, territory, roles, created_at)
    SELECT uuidv7(), 'signin' || n || '@example.com', 'Somebody', 'DE', '{VIEWER}', now()
    FROM generate_series(1, $1) AS n
"""
_PROFILES = """
    INSERT INTO profiles (id, account_id, name, language, maturity_limit, created_at)
    SELECT uuidv7(), id, 'Somebody', 'en', 18, now() FROM accounts WHERE email LIKE 'signin%'
"""
_PASSWORDS = """
    INSERT INTO passwords (account_id, hash, changed_at)
    SELECT id, $1, now() FROM accounts WHERE email LIKE 'signin%'
"""


async def fill_people(url: str) -> None:
    """Add the people, all with one password."""
    passwords = Passwords()
    encoded = await passwords.hash(PASSWORD)
    passwords.close()
    connection = await asyncpg.connect(url)
    await connection.execute(_FILL, PEOPLE)
    await connection.execute(_PROFILES)
    await connection.execute(_PASSWORDS, encoded)
    await connection.close()


async def sign_in(host: str, port: int, number: int) -> float:
    """Sign one person in; return how long it took, in seconds."""
    began = perf_counter()
    reader, writer = await asyncio.open_connection(host, port)
    body = json.dumps({"email": f"signin{number}@example.com", "password": PASSWORD}).encode()
    writer.write(post("/session/password", body))
    head = await reader.readuntil(HEAD_END)
    assert head.startswith(b"HTTP/1.1 200"), head
    writer.close()
    return perf_counter() - began


async def measure() -> None:
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(database())
        await fill_catalog(url, TITLES)
        await fill_home(url, ROWS)
        await fill_people(url)
        server = await stack.enter_async_context(marquee(url))
        host, _, port = server.removeprefix("http://").partition(":")
        waits: list[float] = []

        async def queries() -> Figures:
            return await load(server, asking(), connections=CONNECTIONS, seconds=SECONDS)

        async def people() -> None:
            await asyncio.sleep(HEAD_START_S)
            waits.extend(await asyncio.gather(*(sign_in(host, int(port), n) for n in range(1, PEOPLE + 1))))

        async def usual() -> float:
            return (await queries()).p99_ms

        async def during() -> float:
            figures, _ = await asyncio.gather(queries(), people())
            return figures.p99_ms

        await queries()
        await people()
        waits.clear()
        medians = await rounds({"usual": usual, "during": during}, count=ROUNDS)
    print(f"a sign-in took {max(waits):.1f} s at most, {sum(waits) / len(waits):.1f} s on average")
    conclude("signin", [Target("p99 during/usual", medians["during"] / medians["usual"], most=MOST_AGAINST_USUAL)])


if __name__ == "__main__":
    print_machine()
    asyncio.run(measure())
