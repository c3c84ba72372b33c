"""`marquee signing`: the keys that sign tokens."""

import asyncio
import os

import click

from domain.authorization import PublishedKey
from domain.kernel.refusals import Refusal
from domain.settings import Settings


@click.group()
def command() -> None:
    """Look after the keys that sign tokens. Workers rotate them every thirty days by themselves."""


@command.command("list")
def list_() -> None:
    """List the keys that are published, the oldest first."""
    try:
        keys = asyncio.run(_list(Settings.from_env(os.environ)))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    for key in keys:
        since = key.retired_at or key.current_since or key.created_at
        click.echo(f"{key.kid}  {key.state.lower()} since {since:%Y-%m-%d %H:%M}Z")
    if not keys:
        click.echo("There is no key yet; the first token makes one.")


@command.command()
@click.option("--compromised", is_flag=True, help="Withdraw this key and the next; tokens end in a minute.")
def rotate(compromised: bool) -> None:
    """Let the next key sign from now on. Tokens under the old one stay good until they run out."""
    try:
        asyncio.run(_rotate(Settings.from_env(os.environ), is_compromised=compromised))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo("New keys sign now; the old ones are withdrawn." if compromised else "The next key signs now.")


async def _list(settings: Settings) -> list[PublishedKey]:
    from domain.authorization import published_keys
    from domain.runtime import open_runtime

    async with open_runtime(settings) as runtime:
        return await published_keys(runtime.reads())


async def _rotate(settings: Settings, *, is_compromised: bool) -> None:
    from domain.authorization import rotate_keys
    from domain.runtime import open_runtime

    async with open_runtime(settings) as runtime, runtime.work() as work:
        await rotate_keys(work, keyring=runtime.keyring, is_compromised=is_compromised)
