"""`marquee serve`."""

import gc
import os

import click

from domain.settings import Settings


@click.command()
@click.option("--fd", type=int, default=None, help="Serve on this open socket instead of HOST and PORT.")
def command(fd: int | None) -> None:
    """Serve the API, the page and the media until SIGTERM or Ctrl-C."""
    # Nothing that a start makes is garbage; the server switches collecting on again when it is up.
    gc.disable()
    from edge.local.server import serve

    serve(Settings.from_env(os.environ), fd=fd)
