"""The command line: every command is there, explains itself, and says one line when something is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]


def marquee(*arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "edge", *arguments],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_help_lists_every_command() -> None:
    shown = marquee("--help")
    assert shown.returncode == 0
    assert all(f"\n  {name} " in shown.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    shown = marquee(name, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"Usage: marquee {name}")


@pytest.mark.parametrize("name", ["migrate", "seed", "worker"])
def test_a_command_without_its_database_says_so_in_one_line(name: str) -> None:
    ended = marquee(name, DATABASE_URL="")
    assert ended.returncode == 2
    assert ended.stderr.startswith("marquee: DATABASE_URL: is not set; ")
    assert ended.stderr.count("\n") == 1
