"""Structured logs: lines for people in development, JSON for machines, and never a usable token in either."""

import json
import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import TextIOBase
from typing import Any, TextIO

import orjson
import structlog

from domain.settings import Settings

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
# Libraries that are chatty below this, and say nothing there that an operator needs.
_QUIET = (
    "asyncio",
    "uvicorn.error",
    "aiosqlite",
    "urllib3",
    "botocore",
    "PIL",
    "graphql",
    "authlib",
    "httpx",
    "httpcore",
)
# A playback token in an address, wherever it turns up: in a path, a header or an exception's text.
_PLAY_TOKEN = re.compile(r"(/play/)[^/\s\"'?#]+", re.IGNORECASE)
_BEARER = re.compile(r"(bearer\s+)[\w.~+/=-]+", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(\w+://[^\s:/@]*:)[^\s@/]+(@)")
_SECRET_NAMES = frozenset({"token", "authorization", "cookie", "password", "key", "secret"})


def configure_logs(settings: Settings) -> None:
    """Set up structlog, and the standard library's logging through it. Call once per process."""
    level = _LEVELS[settings.log_level]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    _OUTPUT.stream = sys.stderr
    is_json = settings.log_format == "json"
    _LINES.level, _LINES.are_json = level, is_json
    final: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, redact]
    final.append(_JSON if is_json else _console())
    structlog.configure(
        # Our own lines do not take the way round through the standard library.
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(_OUTPUT),
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _console() -> structlog.dev.ConsoleRenderer:
    # The formatter it would choose where `rich` is installed shows local variables, and with them whatever is secret.
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)


class _Output(TextIOBase):
    """Standard error as it was when logs were set up: loggers are kept for the life of the process."""

    stream: TextIO = sys.stderr

    def write(self, text: str) -> int:
        return self.stream.write(text)

    def flush(self) -> None:
        self.stream.flush()


_OUTPUT: Any = _Output()


@dataclass
class _Lines:
    """How lines are written, once logs were set up."""

    level: int = logging.INFO
    are_json: bool = False


_LINES = _Lines()
_requests = structlog.get_logger("marquee.requests")


def write_request_line(level: str, **event: object) -> None:
    """Write the line of an answered request. There is one for each, so it does not take the way through processors.

    The caller has made sure that no value holds a secret.
    """
    if _LEVELS[level] < _LINES.level:
        return
    if not _LINES.are_json:
        getattr(_requests, level)("request", **event)
        return
    now = f"{datetime.now(UTC).replace(tzinfo=None).isoformat()}Z"
    _OUTPUT.write(_dumps({**event, "event": "request", "level": level, "timestamp": now}, str) + "\n")


def _dumps(event: MutableMapping[str, Any], default: Callable[[Any], Any]) -> str:
    try:
        return orjson.dumps(event, default=default).decode()
    except TypeError:
        # Half a surrogate pair, as in a file name that is no UTF-8: a line that cannot be written would take with it
        # whatever it reports.
        return json.dumps(event, default=default)


_JSON = structlog.processors.JSONRenderer(serializer=_dumps)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take tokens and passwords out of every value of a log line."""
    for name, value in event.items():
        if name.lower() in _SECRET_NAMES:
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = redacted(value)
    return event


def redacted(text: str) -> str:
    """Return a text without tokens or passwords in it."""
    # All three have a slash or a space in them; most values of a line have neither.
    if "/" not in text and " " not in text:
        return text
    text = _PLAY_TOKEN.sub(r"\1***", text)
    text = _BEARER.sub(r"\1***", text)
    return _URL_PASSWORD.sub(r"\1***\2", text)
