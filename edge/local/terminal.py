"""What `marquee run` shows: bars on a terminal, plain lines where the output is kept."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Protocol, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

# Plain output says a title's progress each time it has moved on by this much.
PLAIN_STEP = 0.1


class Bars(Protocol):
    """One bar per thing that is being made."""

    def move(self, name: str, *, fraction: float, note: str) -> None:
        """Show how far `name` is, from 0 to 1, and what happens to it."""
        ...


class Terminal:
    """Writes lines for people, around whatever bars are showing."""

    def __init__(self) -> None:
        self._console = Console(soft_wrap=True, highlight=False)

    def say(self, line: str) -> None:
        """Write one line."""
        if self._console.is_terminal:
            self._console.print(line, markup=False)
        else:
            click.echo(line)
        sys.stdout.flush()

    @contextmanager
    def bars(self) -> Iterator[Bars]:
        """Show bars until the block ends."""
        with _RichBars(self._console) if self._console.is_terminal else _PlainBars() as bars:
            yield bars


class _RichBars(AbstractContextManager[Bars]):
    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("  {task.description:<28}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
        )
        self._progress = Progress(*columns, console=console)
        self._tasks: dict[str, TaskID] = {}

    def move(self, name: str, *, fraction: float, note: str) -> None:
        if name not in self._tasks:
            self._tasks[name] = self._progress.add_task(name, total=1.0, note=note)
        self._progress.update(self._tasks[name], completed=fraction, note=note)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()


class _PlainBars(AbstractContextManager[Bars]):
    def __init__(self) -> None:
        self._said: dict[str, tuple[int, str]] = {}

    def move(self, name: str, *, fraction: float, note: str) -> None:
        now = (int(fraction / PLAIN_STEP + 1e-9), note)
        if self._said.get(name) != now:
            self._said[name] = now
            click.echo(f"  {name}: {fraction * 100:3.0f} % {note}".rstrip())
            sys.stdout.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, traceback: TracebackType | None
    ) -> None:
        return None
