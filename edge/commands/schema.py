"""`marquee schema`."""

import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the file is stale or clients would break.")
@click.option("--print", "to_stdout", is_flag=True, help="Print the schema instead of writing the file.")
def command(check: bool, to_stdout: bool) -> None:
    """Write schema.graphql from the code. Clients generate their types from it."""
    from graph.breaking import DECISIONS, SCHEMA_FILE, breaks_since, undecided
    from graph.schema import sdl

    new, path = sdl(), ROOT / SCHEMA_FILE
    if to_stdout:
        sys.stdout.write(new)
        return
    if not check:
        path.write_text(new)
        click.echo(f"{SCHEMA_FILE} is written.")
        return
    if not path.is_file() or path.read_text() != new:
        raise click.ClickException(f"{SCHEMA_FILE} is stale; run `make schema` and commit it")
    breaks = undecided(breaks_since(ROOT, new), ROOT / DECISIONS)
    if breaks:
        listed = "\n".join(f"  {one}" for one in breaks)
        message = f"clients would break; undo it, or name each line in a page of {DECISIONS}:\n{listed}"
        raise click.ClickException(message)
    click.echo(f"{SCHEMA_FILE} is fresh and breaks nobody.")
