"""The schema that clients generate code from: fresh, described, conventional, and never broken in silence."""

import subprocess
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from graph.breaking import DECISIONS, SCHEMA_FILE, committed_before, find_breaks, undecided
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
    before = committed_before(ROOT, sdl())
    breaks = [] if before is None else find_breaks(before, sdl())
    assert undecided(breaks, ROOT / DECISIONS) == []


def test_a_planted_break_is_found_and_a_decision_allows_it(tmp_path: Path) -> None:
    home = '  """Where the account is at home, as an ISO 3166-1 alpha-2 code."""\n  territory: String!\n'
    assert home in sdl()
    planted = sdl().replace("displayName: String!", "displayName: String").replace(home, "")
    breaks = find_breaks(sdl(), planted)
    assert any("displayName changed type from String! to String" in one for one in breaks)
    assert any(one.endswith("territory was removed.") for one in breaks)
    assert undecided(breaks, tmp_path) == breaks
    (tmp_path / "0001-names.md").write_text(f"# Names may be unknown\n\n- `{breaks[0]}`\n\nBecause.\n")
    assert undecided(breaks, tmp_path) == breaks[1:]


def test_an_addition_breaks_nobody() -> None:
    added = sdl().replace("  displayName: String!\n", "  displayName: String!\n  nickname: String\n")
    assert added != sdl()
    assert find_breaks(sdl(), added) == []


def test_the_version_compared_with_is_the_last_one_that_differs(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    git("init", "-q")
    assert committed_before(tmp_path, "c") is None
    for version in ("a", "b"):
        (tmp_path / SCHEMA_FILE).write_text(version)
        git("add", SCHEMA_FILE)
        git("commit", "-q", "-m", version)
    # Before a commit the newest is what clients have; after it, the one before.
    assert committed_before(tmp_path, "c") == "b"
    assert committed_before(tmp_path, "b") == "a"


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
