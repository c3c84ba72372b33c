"""Fixtures of the graph's tests. Every operation they send is executed by both executors and compared."""

from collections.abc import Iterator

import pytest

from tests.graph.differential import comparing
from tests.graph_scene import fresh_scene, production, scene

__all__ = ["fresh_scene", "production", "scene"]


@pytest.fixture(autouse=True)
def _both_executors_agree(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.node.get_closest_marker("compiled_only"):
        yield
        return
    with comparing(monkeypatch):
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many operations were compared."""
    from tests.graph.differential import tally

    if tally.compared:
        left = ", ".join(f"{name} {count}" for name, count in tally.left.most_common(5)) or "none"
        counts = f"{tally.compared} operations, {tally.compiled} compiled, left to graphql-core: {left}"
        terminalreporter.write_line(f"Executors compared on {counts}")
