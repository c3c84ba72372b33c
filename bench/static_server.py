"""Sends one file's bytes, which it holds in memory, to whoever asks: `python -m bench.static_server PORT FILE`."""

import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def app(answer: bytes) -> Starlette:
    async def ready(_request: Request) -> Response:
        return Response(answer, media_type="application/json")

    return Starlette(routes=[Route("/", ready)])


if __name__ == "__main__":
    served = app(Path(sys.argv[2]).read_bytes())
    uvicorn.run(served, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False, loop="uvloop")
