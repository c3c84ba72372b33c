"""A live show whose viewers talk."""

from uuid import UUID

from domain.accounts import Role, Viewer
from domain.engagement.chat import ChatMessage
from domain.engagement.chatting import send_message
from domain.entitlements import Plan, grant_access
from domain.kernel.facts import LoggedFact, read_facts
from tests.arrange import create_viewer
from tests.poll_scene import Show


class TalkShow(Show):
    """A show, its host, and people who write."""

    async def viewer(self, *roles: Role, plan: Plan | None = None) -> Viewer:
        """Sign a new person in."""
        async with self.work() as work:
            viewer = await create_viewer(work, roles=frozenset({Role.VIEWER, *roles}))
            if plan is not None:
                await grant_access(work, account_id=viewer.account_id, plan=plan, source="test")
        return viewer

    async def say(self, viewer: Viewer, text: str, client_id: str = "", stream_id: UUID | None = None) -> ChatMessage:
        """Send a message."""
        name = client_id or text.encode().hex()[:64]
        of = stream_id or self.stream.id
        return await send_message(self.runtime, viewer=viewer, stream_id=of, text=text, client_id=name)

    async def facts(self, topic: str) -> list[LoggedFact]:
        """Return what was announced on a topic."""
        async with self.database.read() as connection:
            return await read_facts(connection, topic, after=0)

    async def count(self, query: str) -> int:
        """Return a number from the database."""
        async with self.database.read() as connection:
            return int((await connection.exec_driver_sql(query)).scalar_one())
