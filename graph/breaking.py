"""Keeps clients working: finds what a new schema breaks, and asks for a decision page that says so.

The new schema is compared with the last committed version that differs from it, which is the same question before a
commit and after it. A page in `docs/decisions` allows a break by holding its sentence on a line of its own.
"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from graphql import build_schema, find_breaking_changes

SCHEMA_FILE = "schema.graphql"
DECISIONS = "docs/decisions"
# Versions of the file to look back; more than one differs only while several commits touched it.
VERSIONS_MAX = 5


def find_breaks(old: str, new: str) -> list[str]:
    """Return what a client of the old schema cannot do with the new one any more, one sentence each."""
    return [change.description for change in find_breaking_changes(build_schema(old), build_schema(new))]


def undecided(breaks: Sequence[str], decisions: Path) -> list[str]:
    """Return the breaks that no page in `decisions` names."""
    pages = [page.read_text() for page in sorted(decisions.glob("*.md"))]
    decided = {line.strip(" -*`") for page in pages for line in page.splitlines()}
    return [one for one in breaks if one not in decided]


def committed_before(root: Path, new: str) -> str | None:
    """Return the newest committed version of the schema that differs from `new`; None without a history."""
    return next((version for version in _versions(root) if version != new), None)


def _versions(root: Path) -> Iterator[str]:
    log = _git(root, "log", f"-{VERSIONS_MAX}", "--format=%H", "--", SCHEMA_FILE)
    for commit in (log or "").split():
        text = _git(root, "show", f"{commit}:{SCHEMA_FILE}")
        if text is not None:
            yield text


def _git(root: Path, *arguments: str) -> str | None:
    """Ask git, or return None where there is no git, no repository or no such version."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],  # noqa: S607 (git is found where the shell finds it)
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None
