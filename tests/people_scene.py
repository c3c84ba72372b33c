"""People at the doors of signing in: browsers with cookies of their own, and the mail they get."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from domain.kernel.job_runner import JobRunner
from tests.conftest import ScratchDatabases
from tests.graph_scene import PUBLIC_URL, GraphScene, open_scene
from tests.job_scene import until
from workers.mails import mail_handlers

PASSWORD = "four rusty wheels"


@dataclass
class Browser:
    """A browser on our page: it keeps cookies and tells where it is."""

    scene: GraphScene
    client: httpx.AsyncClient

    async def post(self, door: str, body: Any, **headers: str) -> httpx.Response:
        given = {"origin": PUBLIC_URL, **headers}
        return await self.client.post(f"{self.scene.url}/session/{door}", json=body, headers=given)

    async def ask(self, query: str, **variables: Any) -> Any:
        answer = await self.raw(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def raw(self, query: str, **variables: Any) -> Any:
        body = {"query": query, "variables": variables}
        response = await self.client.post(f"{self.scene.url}/graphql", json=body, headers={"origin": PUBLIC_URL})
        return response.json()

    async def name(self) -> str | None:
        """Who is signed in."""
        viewer = (await self.ask("{ viewer { displayName } }"))["viewer"]
        return None if viewer is None else str(viewer["displayName"])


@dataclass
class PeopleScene:
    """A running application whose mail is delivered at once."""

    graph: GraphScene

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        async with httpx.AsyncClient(timeout=20) as client:
            yield Browser(self.graph, client)

    async def count(self, table: str) -> int:
        return await self.graph.count(table)

    async def rows(self, query: str, **values: Any) -> list[Any]:
        async with self.graph.runtime.database.read() as connection:
            return [tuple(row) for row in await connection.execute(text(query), values)]

    async def execute(self, statement: str, **values: Any) -> None:
        async with self.graph.runtime.work() as work:
            await work.connection.execute(text(statement), values)

    async def settled(self) -> None:
        """Wait until every queued mail is delivered."""

        async def is_empty() -> bool:
            return await self.rows("SELECT 1 FROM pgqueuer WHERE entrypoint LIKE 'accounts.%'") == []

        await until(is_empty)

    async def mails_to(self, email: str) -> list[tuple[str, str]]:
        """Return subject and body of everything that an address got, the oldest first."""
        await self.settled()
        return await self.rows("SELECT subject, body FROM mailbox WHERE recipient = :to ORDER BY id", to=email)

    async def link_to(self, email: str) -> str:
        """Return the token in the last mail to an address that has a link."""
        tokens = [found[1] for _, body in await self.mails_to(email) if (found := re.search(r"\?token=(\S+)", body))]
        return tokens[-1]

    async def sign_up(self, browser: Browser, email: str | None = None, password: str = PASSWORD) -> str:
        """Make an account and sign it in; return its address."""
        email = email or fresh_email()
        response = await browser.post("sign-up", sign_up_body(email, password=password))
        assert (response.status_code, response.json()) == (202, {"next": "VERIFY_EMAIL"})
        verified = await browser.post("verify", {"token": await self.link_to(email)})
        assert verified.status_code == 200, verified.text
        return email


def fresh_email() -> str:
    return f"{uuid4().hex}@example.com"


def sign_up_body(email: str, /, **changes: Any) -> dict[str, Any]:
    return {"email": email, "password": PASSWORD, "displayName": "Ada", "territory": "DE"} | changes


@asynccontextmanager
async def delivering(scene: GraphScene) -> AsyncIterator[PeopleScene]:
    """Deliver the mail of an application until the block ends."""
    runtime = scene.runtime
    runner = JobRunner(
        open_work=runtime.work, bus=runtime.bus, handlers=mail_handlers(runtime), concurrency=2, poll_s=0.05
    )
    stop = asyncio.Event()
    task = asyncio.create_task(runner.run(stop))
    try:
        yield PeopleScene(scene)
    finally:
        stop.set()
        await task


@pytest.fixture
async def people(
    scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PeopleScene]:
    """A running application of the test's own, with mail: what one place tries is counted."""
    async with (
        open_scene(await scratch_databases.create(), tmp_path_factory.mktemp("people")) as scene,
        delivering(scene) as people,
    ):
        yield people
