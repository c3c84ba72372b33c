"""`marquee clients`: the programs that may ask people for access."""

import asyncio
import os

import click

from domain.authorization import ClientKind, NewClient, OAuthClient, Scope, scopes_text
from domain.kernel.refusals import Refusal
from domain.settings import Settings

_WATCHING = (Scope.OPENID, Scope.PROFILE, Scope.WATCH)


@click.group()
def command() -> None:
    """Register the clients that get tokens from this server."""


@command.command()
@click.argument("client_id", metavar="ID")
@click.option("--name", required=True, help="What people see when they are asked.")
@click.option("--kind", type=click.Choice([kind.value.lower() for kind in ClientKind]), required=True)
@click.option("--redirect", "redirects", multiple=True, help="Where codes are sent, letter by letter. Several times.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="Several times; else what watching needs.",
)
@click.option("--first-party", is_flag=True, help="It is ours: at https redirects nobody is asked.")
@click.option("--confidential", is_flag=True, help="It runs on a server and keeps a secret, which is shown once.")
@click.option("--account", help="The address or the id of the account that a service acts as.")
def register(
    client_id: str,
    name: str,
    kind: str,
    redirects: tuple[str, ...],
    scopes: tuple[str, ...],
    first_party: bool,
    confidential: bool,
    account: str | None,
) -> None:
    """Register a client. A service always gets a secret."""
    given: dict[str, object] = {
        "id": client_id,
        "name": name,
        "kind": ClientKind(kind.upper()),
        "redirect_uris": redirects,
        "scopes": frozenset(Scope(scope) for scope in scopes or _WATCHING),
        "is_first_party": first_party,
        "is_confidential": confidential,
    }
    try:
        made = asyncio.run(_register(Settings.from_env(os.environ), given, account))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{made.client.id} is registered with the scopes {scopes_text(made.client.scopes)}.")
    if made.secret is not None:
        click.echo(f"Its secret, shown this once: {made.secret}")


@command.command("list")
def list_() -> None:
    """List the clients."""
    try:
        clients = asyncio.run(_list(Settings.from_env(os.environ)))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    for client in clients:
        sort = "confidential" if client.is_confidential else "public"
        ours = ", ours" if client.is_first_party else ""
        click.echo(
            f"{client.id}  {client.name}  {client.kind.value.lower()}, {sort}{ours}  {scopes_text(client.scopes)}"
        )
        for redirect_uri in client.redirect_uris:
            click.echo(f"    {redirect_uri}")
    if not clients:
        click.echo("No client is registered.")


@command.command()
@click.argument("client_id", metavar="ID")
def remove(client_id: str) -> None:
    """Remove a client, and sign everybody out of it at once."""
    try:
        ended = asyncio.run(_remove(Settings.from_env(os.environ), client_id))
    except Refusal as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{client_id} is removed, and {ended} of its sign-ins ended.")


async def _register(settings: Settings, given: dict[str, object], account: str | None) -> NewClient:
    from domain.accounts import account_by_email, accounts_by_id
    from domain.authorization import register_client
    from domain.kernel.refusals import NotFound
    from domain.runtime import open_runtime
    from graph.global_ids import parse_global_id

    async with open_runtime(settings) as runtime, runtime.work() as work:
        account_id = None
        if account is not None:
            # Service accounts have no address, only an id.
            found = parse_global_id(account)
            account_id = found[1] if found is not None else await account_by_email(work, email=account)
            if account_id is None or (await accounts_by_id(work.reads(), [account_id])) == [None]:
                raise NotFound("account", account)
        return await register_client(work, **given, account_id=account_id)  # type: ignore[arg-type]  # checked by click


async def _list(settings: Settings) -> list[OAuthClient]:
    from domain.authorization import list_clients
    from domain.runtime import open_runtime

    async with open_runtime(settings) as runtime:
        return await list_clients(runtime.reads())


async def _remove(settings: Settings, client_id: str) -> int:
    from domain.authorization import remove_client
    from domain.runtime import open_runtime

    async with open_runtime(settings) as runtime, runtime.work() as work:
        return await remove_client(work, id=client_id)
