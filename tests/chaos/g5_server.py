"""The API as a process to be killed for `test_g5_votes`: the real one, or a twin that is broken in one way.

`python -m tests.chaos.g5_server PORT [early|twice]`: `early` acknowledges votes before they are committed, `twice`
counts a repeated vote again.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Any

import uvicorn

from domain.engagement import flushing
from domain.engagement.admission import Ballot
from domain.engagement.store import votes as store
from domain.kernel.group_commit import GroupCommitter
from domain.kernel.refusals import Refusal
from domain.runtime import open_runtime
from domain.settings import Settings
from edge.app import create_app

# An early answer's commit comes so much later, as on a slow disk.
LAG_S = 0.5


def acknowledge_early() -> None:
    """Answer first, write later."""
    submit, flush = GroupCommitter.submit, flushing.Flush.__call__
    waiting: set[asyncio.Task[Any]] = set()

    async def submit_early(self: Any, ballot: Ballot) -> Any:
        task = asyncio.create_task(submit(self, ballot))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
        return store.Vote(ballot.poll_id, ballot.voter_id, ballot.choices, 1, 0, ballot.received_at)

    async def flush_late(self: Any, ballots: Sequence[Ballot]) -> list[store.Vote | Refusal]:
        await asyncio.sleep(LAG_S)
        return await flush(self, ballots)

    GroupCommitter.submit = submit_early  # type: ignore[method-assign]  # the twin
    flushing.Flush.__call__ = flush_late  # type: ignore[method-assign]  # the twin


def count_twice() -> None:
    """Insert whatever comes; the test has dropped the primary key."""
    for name in ("WRITE", "_WRITE_KNOWN"):
        sql: str = getattr(store, name)
        plain, _, rest = sql.partition("ON CONFLICT")
        last = "$9::uuid[]) AND v.casts < $10" if "$10" in rest else "$8::uuid[]) AND v.casts < $9"
        unused = last.replace(") AND v.casts <", " IS NULL OR 0 <")
        setattr(store, name, plain.replace("ORDER BY", f"WHERE {unused} ORDER BY"))


async def main() -> None:
    """Serve until killed."""
    twin = sys.argv[2] if len(sys.argv) > 2 else ""
    if twin == "early":
        acknowledge_early()
    if twin == "twice":
        count_twice()
    async with open_runtime(Settings.from_env(os.environ)) as runtime:
        config = uvicorn.Config(
            create_app(runtime), host="127.0.0.1", port=int(sys.argv[1]), log_config=None, http="httptools",
            access_log=False, backlog=4096,
        )  # fmt: skip
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    asyncio.run(main())
