"""`marquee clients` and `marquee signing`, as an operator runs them."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

from domain.accounts import create_account
from domain.kernel.bus import Bus
from domain.kernel.work import Database
from graph.global_ids import Kind, global_id

ROOT = Path(__file__).resolve().parents[2]


async def marquee(database_url: str, folder: Path, *arguments: str) -> tuple[int, str]:
    settings = {"DATABASE_URL": database_url, "DATA_DIR": str(folder)}
    ended = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "edge", *arguments],
        env=os.environ | settings, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return ended.returncode, ended.stdout + ended.stderr


async def test_an_operator_registers_lists_and_removes_clients(
    database: Database, bus: Bus, database_url: str, tmp_path: Path
) -> None:
    async def run(*arguments: str) -> tuple[int, str]:
        return await marquee(database_url, tmp_path, "clients", *arguments)

    async with database.work(bus=bus) as work:
        robot = await create_account(work, email="robot@example.com", display_name="Robot", territory="DE")
    assert await run("list") == (0, "No client is registered.\n")
    web = ("register", "web", "--name", "Web player", "--kind", "web", "--redirect", "https://play.example/in")
    assert await run(*web) == (0, "web is registered with the scopes openid profile watch.\n")
    assert (await run(*web))[0] == 1
    service = ("register", "robot", "--name", "Robot", "--kind", "service", "--scope", "watch")
    for nobody in ("nobody@example.com", global_id(Kind.VIEWER, uuid4())):
        code, said = await run(*service, "--account", nobody)
        assert (code, "There is no account" in said) == (1, True), said
    code, said = await run(*service, "--account", "robot@example.com")
    assert code == 0
    assert re.search(r"Its secret, shown this once: [\w-]{43}\n", said)
    by_id = ("register", "robot2", "--name", "Robot", "--kind", "service", "--scope", "watch")
    assert (await run(*by_id, "--account", global_id(Kind.VIEWER, robot.id)))[0] == 0
    assert (await run("remove", "robot2"))[0] == 0
    code, said = await run("list")
    assert said.splitlines() == [
        "robot  Robot  service, confidential  watch",
        "web  Web player  web, public  openid profile watch",
        "    https://play.example/in",
    ]
    assert await run("remove", "web") == (0, "web is removed, and 0 of its sign-ins ended.\n")
    code, said = await run("remove", "web")
    assert (code, said) == (1, "Error: There is no client web. Check the id.\n")
    code, said = await run("register", "bad", "--name", "Bad", "--kind", "web", "--redirect", "http://evil.example/in")
    assert (code, "cannot be a redirect" in said) == (1, True)


async def test_an_operator_rotates_the_signing_keys(database_url: str, tmp_path: Path) -> None:
    async def run(*arguments: str) -> list[str]:
        code, said = await marquee(database_url, tmp_path, "signing", *arguments)
        assert code == 0, said
        return said.splitlines()

    assert await run("list") == ["There is no key yet; the first token makes one."]
    assert await run("rotate") == ["The next key signs now."]
    first, following = await run("list")
    assert ("  current since " in first, "  next since " in following) == (True, True)
    assert await run("rotate") == ["The next key signs now."]
    states = [line.split("  ")[1].split(" ")[0] for line in await run("list")]
    assert states == ["retired", "current", "next"]
    assert await run("rotate", "--compromised") == ["New keys sign now; the old ones are withdrawn."]
    after = await run("list")
    assert [line.split("  ")[1].split(" ")[0] for line in after] == ["retired", "current", "next"]
    assert following.split("  ")[0] not in {line.split("  ")[0] for line in after}
