"""`python -m bench <law> [options]`: runs the module of that name; without a law it lists them."""

import runpy
import sys
from pathlib import Path

HERE = Path(__file__).parent
# A law is a module that has `measure`; the others help.
NOT_LAWS = {"__init__", "__main__", "harness", "catalog_data", "load", "serving", "crowd", "shows", "sql_server"}


def main() -> None:
    """Hand over to the law's module, which measures, prints and exits 1 when it falls short."""
    stems = [path.stem for path in HERE.glob("*.py")]
    laws = sorted(stem for stem in stems if stem not in NOT_LAWS and not stem.endswith("_server"))
    if len(sys.argv) < 2:
        print(f"Laws: {', '.join(laws)}. For example: make bench LAW={laws[0]}")
        return
    law, *options = sys.argv[1:]
    if law not in laws:
        sys.exit(f"bench: there is no law {law!r}; there are {', '.join(laws)}")
    sys.argv = [f"bench {law}", *options]
    runpy.run_module(f"bench.{law}", run_name="__main__")


if __name__ == "__main__":
    main()
