"""Reads a `.env` file: NAME=value lines, comments, and optional quotes. The environment itself comes first."""

import re
from pathlib import Path

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class EnvFileBroken(ValueError):
    """A line is neither empty, a comment, nor NAME=value. The message names file and line, never the value."""


def read_env_file(path: Path) -> dict[str, str]:
    """Return the variables of the file, none when it is absent.

    Raises:
        EnvFileBroken.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is not UTF-8"
        raise EnvFileBroken(f"{path} cannot be read: {reason}") from fault
    variables = {}
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip().removeprefix("export ")
        if not stripped or stripped.startswith("#"):
            continue
        name, separator, value = stripped.partition("=")
        if not separator or not _NAME.fullmatch(name.strip()):
            raise EnvFileBroken(f"{path} line {number}: write NAME=value")
        variables[name.strip()] = _unquoted(value.strip())
    return variables


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return value
