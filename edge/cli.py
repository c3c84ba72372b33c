"""The `marquee` command. Each subcommand is a module of `edge.commands`, imported only when it is called."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from domain.settings import SettingInvalid
from edge.local.env_file import EnvFileBroken, read_env_file
from edge.local.parent import end_with_parent

COMMANDS = (
    "run",
    "serve",
    "worker",
    "migrate",
    "seed",
    "schema",
    "documents",
    "clients",
    "keys",
    "signing",
    "resync",
    "reindex",
)


class _Commands(click.Group):
    """Finds a subcommand by its module's name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"edge.commands.{cmd_name}").command
        assert isinstance(command, click.Command), "every command module has a `command`"
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="marquee")
def marquee() -> None:
    """Marquee: a streaming service behind one GraphQL API.

    Settings come from the environment and from a file `.env` here; `.env.example` explains them.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line. A setting that cannot be used ends it with one line and status 2."""
    end_with_parent()
    try:
        for name, value in read_env_file(Path(".env")).items():
            os.environ.setdefault(name, value)
        marquee(args=arguments, prog_name="marquee")
    except (SettingInvalid, EnvFileBroken) as refused:
        click.echo(f"marquee: {refused}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
