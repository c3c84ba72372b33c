"""Prints the schema, as `schema.graphql` keeps it: `python -m graph.export`."""

import sys

from graph.schema import sdl


def main() -> None:
    """Write the schema definition to standard output."""
    sys.stdout.write(sdl())


if __name__ == "__main__":
    main()
