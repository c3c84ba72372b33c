"""The door for uploads as a process of its own, to be killed. Prints its address; the lease is short, to be quick."""

import asyncio
import os

import uvicorn
from starlette.applications import Starlette

from domain.media import receiving
from domain.runtime import open_runtime
from domain.settings import Settings
from edge.uploads import routes


async def main() -> None:
    """Serve until killed."""
    receiving.LEASE_S = 1.0
    async with open_runtime(Settings.from_env(os.environ)) as runtime:
        app = Starlette(routes=routes)
        app.state.runtime = runtime
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        print(server.servers[0].sockets[0].getsockname()[1], flush=True)
        await task


if __name__ == "__main__":
    asyncio.run(main())
