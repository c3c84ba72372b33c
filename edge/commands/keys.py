"""`marquee keys`: what operators do with content keys."""

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from domain.kernel.refusals import Refusal
from domain.settings import Settings

if TYPE_CHECKING:
    from domain.runtime import Runtime


@click.group()
def command() -> None:
    """Look after content keys."""


@command.command()
def rewrap() -> None:
    """Put everything that is sealed under the first of MASTER_KEYS. Afterwards the others may be dropped.

    Can be interrupted and repeated, and runs beside a serving system.
    """
    checked, rewrapped, signing, secrets = asyncio.run(_rewrap(Settings.from_env(os.environ)))
    click.echo(f"Looked at {checked} content keys and put {rewrapped} under the current master key.")
    click.echo(f"Put {signing} signing keys and {secrets} secrets of authenticator apps under it.")


@command.command()
@click.argument("asset_id", type=click.UUID)
@click.option("--scheme", type=click.Choice(["cenc", "cbcs"]), default="cenc", show_default=True)
@click.option(
    "--recipient",
    "recipients",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="A certificate (PEM) whose holder may read the keys. May be given several times.",
)
@click.option("--in-the-clear", is_flag=True, help="Write the keys so that everybody can read them.")
def export(asset_id: UUID, scheme: str, recipients: tuple[Path, ...], in_the_clear: bool) -> None:
    """Write the keys of an asset as a CPIX 2.3 document to standard output."""
    if bool(recipients) == in_the_clear:
        raise click.UsageError("Name a --recipient, or say --in-the-clear.")
    try:
        document = asyncio.run(_export(Settings.from_env(os.environ), asset_id, scheme, recipients))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    except ValueError as malformed:
        raise click.BadParameter("not a certificate in PEM form", param_hint="--recipient") from malformed
    click.echo(document)


async def _rewrap(settings: Settings) -> tuple[int, int, int, int]:
    from domain.authorization import rewrap_signing_keys
    from domain.drm import rewrap_keys
    from domain.runtime import open_runtime

    checked, rewrapped = 0, 0
    after: UUID | None = None
    async with open_runtime(settings) as runtime:
        async with runtime.work() as work:
            signing = await rewrap_signing_keys(work, keyring=runtime.keyring)
        while True:
            async with runtime.work() as work:
                batch = await rewrap_keys(work, keyring=runtime.keyring, after=after)
            checked, rewrapped = checked + batch.checked, rewrapped + batch.rewrapped
            if (after := batch.next_after) is None:
                return checked, rewrapped, signing, await _rewrap_totps(runtime)


async def _rewrap_totps(runtime: "Runtime") -> int:
    from domain.accounts import rewrap_totps
    from domain.accounts.account_keys import rewrap_account_keys

    total = 0
    for rewrap in (rewrap_totps, rewrap_account_keys):
        after: UUID | None = None
        while True:
            async with runtime.work() as work:
                rewrapped, after = await rewrap(work, keyring=runtime.keyring, after=after)
            total += rewrapped
            if after is None:
                break
    return total


async def _export(settings: Settings, asset_id: UUID, scheme: str, recipients: tuple[Path, ...]) -> bytes:
    from cryptography.x509 import load_pem_x509_certificate

    from domain.drm.cpix import cpix_of_asset
    from domain.media.packager import Scheme
    from domain.runtime import open_runtime

    certificates = [load_pem_x509_certificate(path.read_bytes()) for path in recipients]
    async with open_runtime(settings) as runtime:
        return await cpix_of_asset(
            runtime.reads(),
            keyring=runtime.keyring,
            asset_id=asset_id,
            scheme=Scheme(scheme),
            recipients=certificates,
        )
