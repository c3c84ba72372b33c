"""The schema that clients generate code from: fresh, described, conventional, and never broken in silence."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from graphql import (
    BreakingChangeType,
    DangerousChangeType,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_list_type,
    specified_directives,
)

from edge.commands.schema import command as schema_command
from graph.breaking import DECISIONS, SCHEMA_FILE, breaks_since, undecided
from graph.schema import graphql_schema, sdl

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = graphql_schema()
TYPES = [type_ for name, type_ in sorted(SCHEMA.type_map.items()) if not name.startswith("__")]
BUILT_IN = {"ID", "String", "Int", "Float", "Boolean"}
OUTPUTS = [type_ for type_ in TYPES if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)]
ROOT_TYPES = [root for root in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type) if root is not None]


def test_the_committed_schema_is_the_one_the_code_has() -> None:
    assert (ROOT / SCHEMA_FILE).read_text() == sdl(), "run `make schema` and commit it"


def test_no_client_is_broken_without_a_decision() -> None:
    assert undecided(breaks_since(ROOT, sdl()), ROOT / DECISIONS) == []


OLD = """
directive @shown(as: String) repeatable on FIELD | QUERY
interface Named { name: String }
interface Aged { age: Int }
type Film implements Named & Aged { name: String, age: Int, year(era: Int = 1): Int, pages(first: Int): Int }
type Show { id: ID }
union Found = Film | Show
enum Kind { MOVIE CLIP }
input Wish { text: String, count: Int = 1 }
scalar Moment
type Query { film: Film, found: Found, kind: Kind, at: Moment, wish(wish: Wish): Show }
"""
# One planted break of every kind that graphql-core tells apart, and one that makes nothing fail.
PLANTED = [
    (BreakingChangeType.TYPE_REMOVED, ", at: Moment", "", "scalar Moment", ""),
    (BreakingChangeType.TYPE_CHANGED_KIND, "scalar Moment", "type Moment { text: String }"),
    (BreakingChangeType.TYPE_REMOVED_FROM_UNION, "Film | Show", "Film"),
    (BreakingChangeType.VALUE_REMOVED_FROM_ENUM, "MOVIE CLIP", "MOVIE"),
    (BreakingChangeType.REQUIRED_INPUT_FIELD_ADDED, "text: String, count", "text: String, more: Int!, count"),
    (BreakingChangeType.IMPLEMENTED_INTERFACE_REMOVED, "Named & Aged", "Named"),
    (BreakingChangeType.FIELD_REMOVED, ", kind: Kind", ""),
    (BreakingChangeType.FIELD_CHANGED_KIND, "Show { id: ID }", "Show { id: Int }"),
    (BreakingChangeType.REQUIRED_ARG_ADDED, "pages(first: Int)", "pages(first: Int, of: Int!)"),
    (BreakingChangeType.ARG_REMOVED, "pages(first: Int)", "pages"),
    (BreakingChangeType.ARG_CHANGED_KIND, "pages(first: Int)", "pages(first: String)"),
    (BreakingChangeType.DIRECTIVE_REMOVED, "directive @shown(as: String) repeatable on FIELD | QUERY", ""),
    (BreakingChangeType.DIRECTIVE_ARG_REMOVED, "@shown(as: String)", "@shown"),
    (BreakingChangeType.REQUIRED_DIRECTIVE_ARG_ADDED, "@shown(as: String)", "@shown(as: String, by: Int!)"),
    (BreakingChangeType.DIRECTIVE_REPEATABLE_REMOVED, " repeatable", ""),
    (BreakingChangeType.DIRECTIVE_LOCATION_REMOVED, "FIELD | QUERY", "FIELD"),
    (DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE, "era: Int = 1", "era: Int = 2"),
    (DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE, "count: Int = 1", "count: Int = 2"),
]


def test_a_break_of_every_kind_is_planted() -> None:
    assert {kind for kind, *_ in PLANTED} >= set(BreakingChangeType)


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: planted[0].name)
def test_make_check_refuses_a_break_of_every_kind_until_it_is_decided(
    planted: tuple[Any, ...], history: "History", monkeypatch: pytest.MonkeyPatch
) -> None:
    new = OLD
    for old_part, new_part in zip(planted[1::2], planted[2::2], strict=True):
        assert old_part in new
        new = new.replace(old_part, new_part)
    history.commit(OLD)
    history.write(new)
    monkeypatch.setattr("graph.schema.sdl", lambda: new)
    monkeypatch.setattr("edge.commands.schema.ROOT", history.root)
    refused = CliRunner().invoke(schema_command, ["--check"])
    assert refused.exit_code == 1
    breaks = breaks_since(history.root, new)
    assert breaks
    assert all(f"  {one}\n" in refused.output for one in breaks)
    (history.root / DECISIONS).mkdir(parents=True)
    (history.root / DECISIONS / "0001-so-it-is.md").write_text("\n".join(f"- `{one}`" for one in breaks))
    assert CliRunner().invoke(schema_command, ["--check"]).exit_code == 0


def test_a_break_that_was_committed_without_asking_is_found_with_the_next_change(history: "History") -> None:
    broken = OLD.replace(", kind: Kind", "")
    grown = broken.replace("film: Film", "film: Film, more: Int")
    for version in (OLD, broken, grown):
        history.commit(version)
    assert breaks_since(history.root, grown) == ["Field Query.kind was removed."]
    assert breaks_since(history.root, grown.replace("more: Int", "more: Int, last: Int")) == [
        "Field Query.kind was removed."
    ]


def test_what_is_added_or_only_said_differently_breaks_nobody(history: "History") -> None:
    assert breaks_since(history.root, OLD) == []
    history.commit(OLD)
    more = OLD.replace("MOVIE CLIP", "MOVIE CLIP SERIES").replace(
        "film: Film", '"Said." film: Film, more(of: Int): Int'
    )
    assert breaks_since(history.root, more) == []


class History:
    """A repository with nothing but versions of the schema."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._git("init", "-q")

    def write(self, schema: str) -> None:
        (self.root / SCHEMA_FILE).write_text(schema)

    def commit(self, schema: str) -> None:
        self.write(schema)
        self._git("add", SCHEMA_FILE)
        self._git("commit", "-q", "-m", "x")

    def _git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(self.root), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A repository without a commit."""
    return History(tmp_path)


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.name)
def test_everything_is_described(type_: object) -> None:
    name = type_.name  # type: ignore[attr-defined]  # every named type has one
    if name in BUILT_IN:
        return
    assert type_.description, name  # type: ignore[attr-defined]  # as above
    if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
        for field_name, field in type_.fields.items():
            assert field.description, f"{name}.{field_name}"
            for argument_name, argument in field.args.items():
                assert argument.description, f"{name}.{field_name}({argument_name})"
    elif isinstance(type_, GraphQLInputObjectType):
        for field_name, input_field in type_.fields.items():
            assert input_field.description, f"{name}.{field_name}"
    elif isinstance(type_, GraphQLEnumType):
        for value_name, value in type_.values.items():
            assert value.description, f"{name}.{value_name}"


def test_every_directive_of_ours_is_described() -> None:
    for directive in SCHEMA.directives:
        if directive not in specified_directives:
            assert directive.description, directive.name
            assert all(argument.description for argument in directive.args.values()), directive.name


def test_a_description_says_something() -> None:
    texts = [(type_.name, type_.description) for type_ in TYPES if type_.name not in BUILT_IN]
    texts += [(f"{type_.name}.{name}", field.description) for type_ in OUTPUTS for name, field in type_.fields.items()]
    for name, text in texts:
        assert text is not None
        words = text.strip().split()
        assert len(words) >= 2, name
        assert text.strip()[-1] in ".!?", f"{name}: end its sentence"
        # A name written out with spaces is no description.
        assert "".join(words).lower().rstrip(".") != name.rpartition(".")[2].lower(), name


def test_every_mutation_takes_one_input_and_answers_with_a_payload_or_problems() -> None:
    assert SCHEMA.mutation_type is not None
    for name, field in SCHEMA.mutation_type.fields.items():
        assert list(field.args) == ["input"], name
        assert str(field.args["input"].type).removesuffix("!") == f"{name[0].upper()}{name[1:]}Input"
        result = get_named_type(field.type)
        assert isinstance(result, GraphQLUnionType), name
        assert result.name == f"{name[0].upper()}{name[1:]}Result"
        payloads = [member for member in result.types if not _is_problem(member)]
        assert len(payloads) == 1, name


def test_every_problem_has_a_code_and_a_message() -> None:
    problem = SCHEMA.type_map["Problem"]
    assert isinstance(problem, GraphQLInterfaceType)
    assert [str(problem.fields[name].type) for name in ("code", "message")] == ["String!", "String!"]


def test_pages_follow_the_connection_specification() -> None:
    connections = [type_ for type_ in OUTPUTS if type_.name.endswith("Connection")]
    assert connections
    for connection in connections:
        assert {"edges", "nodes", "pageInfo"} <= set(connection.fields)
    for type_ in OUTPUTS:
        for name, field in type_.fields.items():
            if get_named_type(field.type).name.endswith("Connection"):
                assert {"first", "after", "last", "before"} <= set(field.args), f"{type_.name}.{name}"


def test_every_node_has_an_id_and_everything_with_an_id_is_a_node() -> None:
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    for type_ in OUTPUTS:
        if isinstance(type_, GraphQLObjectType) and "id" in type_.fields:
            assert node in type_.interfaces, type_.name


def test_units_are_in_names() -> None:
    # Abbreviated units belong to Python; clients read whole words.
    for type_ in [*OUTPUTS, *(one for one in TYPES if isinstance(one, GraphQLInputObjectType))]:
        for name in type_.fields:
            assert not name.endswith(("_s", "S", "Ms", "Secs", "Kbps")), f"{type_.name}.{name}"


def test_root_lists_are_bounded_by_an_argument() -> None:
    for root in ROOT_TYPES:
        for name, field in root.fields.items():
            if is_list_type(get_nullable_type(field.type)):
                assert "first" in field.args, f"{root.name}.{name}"


def _is_problem(type_: GraphQLObjectType) -> bool:
    return any(interface.name == "Problem" for interface in type_.interfaces)
