"""Keeps clients working: finds what a new schema breaks, and asks for a decision page that says so.

The new schema is compared with the committed version before it, that one with the one before, and so on: a break that
was committed without asking is still found when the next change comes. A page in `docs/decisions` allows a break by
holding its sentence on a line of its own.
"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from graphql import DangerousChangeType, build_schema, find_breaking_changes, find_dangerous_changes

SCHEMA_FILE = "schema.graphql"
DECISIONS = "docs/decisions"
# Versions of the file to look back.
VERSIONS_MAX = 20
# No client fails at these; it gets something else than it did, and nobody tells it.
_SILENT = {DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE, DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE}


def find_breaks(old: str, new: str) -> list[str]:
    """Return what a client of the old schema cannot do, or not as before, with the new one; one sentence each."""
    before, after = build_schema(old), build_schema(new)
    loud = [change.description for change in find_breaking_changes(before, after)]
    silent = [change.description for change in find_dangerous_changes(before, after) if change.type in _SILENT]
    return loud + silent


def undecided(breaks: Sequence[str], decisions: Path) -> list[str]:
    """Return the breaks that no page in `decisions` names."""
    pages = [page.read_text() for page in sorted(decisions.glob("*.md"))]
    decided = {line.strip(" -*`") for page in pages for line in page.splitlines()}
    return [one for one in breaks if one not in decided]


def breaks_since(root: Path, new: str) -> list[str]:
    """Return what `new` breaks, and what the committed versions before it have broken; nothing without a history."""
    found: list[str] = []
    for version in _versions(root):
        if version != new:
            found += find_breaks(version, new)
        new = version
    return found


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
