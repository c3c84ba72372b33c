"""What every law shares: the machine it ran on, interleaved rounds, medians, and the last line."""

import os
import platform
import statistics
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import psutil

Contender = Callable[[], Awaitable[float]]


@dataclass(frozen=True)
class Target:
    """What a figure of the law has to be: at least `least`, or at most `most`."""

    name: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def is_met(self) -> bool:
        above = self.least is None or self.value >= self.least
        return above and (self.most is None or self.value <= self.most)

    def __str__(self) -> str:
        bound = f"at least {self.least:g}" if self.least is not None else f"at most {self.most:g}"
        return f"{self.name} = {self.value:.3g} ({bound}): {'met' if self.is_met else 'FALLS SHORT'}"


def print_machine() -> None:
    """Say what the figures below were measured on."""
    model = platform.processor() or platform.machine()
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory_gib = psutil.virtual_memory().total / 1024**3
    load = os.getloadavg()[0]
    print(f"{model}, {usable} cores, {memory_gib:.0f} GiB, {platform.system()} {platform.release()}, load {load:.1f}")
    print(f"Python {platform.python_version()}")


async def rounds(contenders: Mapping[str, Contender], *, count: int) -> dict[str, float]:
    """Measure every contender once a round, in turn, and return the median of each.

    The order turns around each round, so that none always runs on a machine another has just heated.
    """
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(count):
        for name in names if number % 2 == 0 else reversed(names):
            figures[name].append(await contenders[name]())
        shown = ", ".join(f"{name} {figures[name][-1]:.4g}" for name in names)
        print(f"round {number + 1} of {count}: {shown}", flush=True)
    return {name: statistics.median(values) for name, values in figures.items()}


def conclude(law: str, targets: list[Target]) -> None:
    """Print the figures and the line for machines, and exit 1 when one falls short."""
    for target in targets:
        print(target)
    print("LAW", law, *(f"{target.name}={target.value:.3f}" for target in targets), flush=True)
    sys.exit(0 if all(target.is_met for target in targets) else 1)


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return file.readlines()
    except OSError:
        return []
