"""The house rules that a machine can check: names, sizes, and what may stand in a source file."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("graph", "edge", "domain", "workers", "migrations", "bench")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
# A name that says nothing about what is inside collects everything.
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc", "shared", "core", "lib"}
FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50
# SQL belongs to stores, the kernel and migrations.
SQL = re.compile(r"\b(SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\b", re.DOTALL)


def _ids(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_no_module_has_a_name_that_says_nothing() -> None:
    for path in SOURCES:
        parts = set(path.relative_to(ROOT).with_suffix("").parts)
        assert not parts & EMPTY_NAMES, path.relative_to(ROOT)


@pytest.mark.parametrize("path", SOURCES, ids=_ids(SOURCES))
def test_a_source_file_keeps_the_house_rules(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert text.count("\n") <= FILE_LINES_MAX, "split this file"
    for function in _functions(tree):
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= FUNCTION_LINES_MAX, f"{function.name} has {lines} lines"
    if text.strip():
        assert ast.get_docstring(tree), "say in one line what this module is"
    for number, line in enumerate(text.splitlines(), start=1):
        assert not re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line), f"line {number} leaves work undone"
        if "type: ignore" in line:
            assert re.search(r"type: ignore\[[a-z-]+(, ?[a-z-]+)*\]\s+#\s*\S", line), f"line {number} gives no reason"


def _sql_is_allowed(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return parts[0] in ("migrations", "bench") or "kernel" in parts or "store" in parts or path.name == "store.py"


def test_sql_stands_only_in_stores_the_kernel_and_migrations() -> None:
    for path in SOURCES:
        if not _sql_is_allowed(path):
            strings = [
                node.value
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            assert not [text for text in strings if SQL.search(text)], path.relative_to(ROOT)


def test_broad_exceptions_are_caught_only_at_the_outermost_edges() -> None:
    allowed = {"domain/kernel/job_runner.py", "edge/request_log.py", "graph/answering.py"}
    # The supervisor of the bus is the last that could notice.
    allowed |= {"domain/kernel/bus.py"}
    # An executor turns whatever a field raises into the error of that field.
    allowed |= {f"graph/execution/{name}.py" for name in ("completing", "roots", "running")} | {"graph/loaders.py"}
    found = {
        path.relative_to(ROOT).as_posix()
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node))
    }
    assert found <= allowed


def test_a_verb_takes_everything_after_its_work_by_keyword() -> None:
    for path in sorted((ROOT / "domain").rglob("*.py")):
        if _sql_is_allowed(path):
            continue
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AsyncFunctionDef) and not node.name.startswith("_"):
                names = [argument.arg for argument in node.args.args]
                if names[:1] == ["work"]:
                    assert names == ["work"], f"{path.relative_to(ROOT)}: {node.name}({', '.join(names)})"


def test_tests_are_named_as_sentences_and_none_is_skipped() -> None:
    for path in TESTS:
        text = path.read_text()
        for function in _functions(ast.parse(text)):
            if function.name.startswith("test_"):
                assert function.name.count("_") >= 3, f"{path.relative_to(ROOT)}: {function.name} is no sentence"
        assert not re.search(r"mark\.(skip|xfail)|pytest\.(skip|xfail)\(|importorskip", text.replace(LAW, "")), path


LAW = r"mark\.(skip|xfail)|pytest\.(skip|xfail)\(|importorskip"


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    this = Path(__file__).relative_to(ROOT).as_posix()
    traces = re.compile(r"/opt/(pypi|wheels)|/root/|\.pyenv|pythonhosted\.org|pypi\.org|registry\.npmjs")
    for name in listed:
        path = ROOT / name
        if name and name != this and path.is_file() and path.stat().st_size < 2_000_000:
            found = traces.search(path.read_bytes().decode(errors="ignore"))
            assert found is None, f"{name} names {found[0] if found else ''}"
