"""`marquee documents`: what the builds of clients may send."""

import asyncio
import os
from pathlib import Path

import click

from domain.clients import ClientDocument, Registered, Release
from domain.kernel.refusals import Refusal
from domain.settings import Settings

_client = click.option("--client", required=True, help="The client's name, as it sends it in graphql-client-name.")
_version = click.option("--version", required=True, help="Its version, as it sends it in graphql-client-version.")


@click.group()
def command() -> None:
    """Register the documents that the builds of clients send by id."""


@command.command()
@click.argument("manifest", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_client
@_version
def register(manifest: Path, client: str, version: str) -> None:
    """Register the documents of a manifest, before the client that sends their ids is shipped.

    FILE is what relay-compiler or GraphQL Code Generator write ({"id": "document"}), or Apollo's manifest. Every
    document is checked against the schema and the limits; when one does not pass, none is registered. Repeating this
    is safe.
    """
    from graph.manifests import ManifestBroken, read_manifest

    try:
        documents = read_manifest(manifest.read_bytes())
    except ManifestBroken as broken:
        raise click.ClickException(f"{manifest} is no manifest: {broken}") from broken
    _report(documents)
    try:
        registered = asyncio.run(_register(Settings.from_env(os.environ), client, version, documents))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(
        f"{client} {version} has {registered.document_count} documents, {registered.new_count} of them new. "
        "Processes that run answer them from now on."
    )


@command.command("list")
@click.option("--client", default=None, help="Only the releases of this client.")
def list_(client: str | None) -> None:
    """List the releases, the newest first."""
    try:
        releases = asyncio.run(_list(Settings.from_env(os.environ), client))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    for release in releases:
        state = "" if release.retired_at is None else f"  retired {release.retired_at:%Y-%m-%d %H:%M}Z"
        click.echo(
            f"{release.client} {release.version}  {release.document_count} documents"
            f"  registered {release.registered_at:%Y-%m-%d %H:%M}Z{state}"
        )
    if not releases:
        click.echo("No release is registered.")


@command.command()
@_client
@_version
def retire(client: str, version: str) -> None:
    """Answer the documents of a release no longer, unless another release holds them too.

    Processes that run notice within half a minute.
    """
    try:
        asyncio.run(_retire(Settings.from_env(os.environ), client, version))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{client} {version} is retired.")


def _report(documents: list[ClientDocument]) -> None:
    """Say what each document is, and end when one cannot be registered."""
    from graph.limits import Limits
    from graph.manifests import check_documents
    from graph.operations import Documents
    from graph.schema import graphql_schema

    findings = check_documents(documents, Documents(graphql_schema(), limits=Limits(), is_open=False))
    for finding in findings:
        said = "; ".join(finding.problems) or f"costs {finding.cost}"
        click.echo(f"{'refused' if finding.problems else 'ok':8}{finding.id}  {', '.join(finding.names)}  {said}")
    refused = sum(1 for finding in findings if finding.problems)
    if refused:
        raise click.ClickException(f"{refused} of {len(findings)} documents cannot be registered; nothing was changed")


async def _register(settings: Settings, client: str, version: str, documents: list[ClientDocument]) -> Registered:
    from domain.clients import register_release
    from domain.runtime import open_runtime

    async with open_runtime(settings) as runtime, runtime.work() as work:
        return await register_release(work, client=client, version=version, documents=documents)


async def _list(settings: Settings, client: str | None) -> list[Release]:
    from domain.clients import list_releases
    from domain.runtime import open_runtime

    async with open_runtime(settings) as runtime:
        return await list_releases(runtime.reads(), client=client)


async def _retire(settings: Settings, client: str, version: str) -> None:
    from domain.clients import retire_release
    from domain.runtime import open_runtime

    async with open_runtime(settings) as runtime, runtime.work() as work:
        await retire_release(work, client=client, version=version)
