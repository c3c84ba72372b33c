"""Operations made at random from a schema: valid ones, over things that exist, are hidden, or never were."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

WIDTH_MAX = 5
TEXTS = ("", "a", "de", "Ü", "x" * 300, "\x00", "2030-01-01T00:00:00Z")


@dataclass
class Maker:
    """Makes operations. `ids` are global ids to ask for."""

    schema: GraphQLSchema
    ids: Sequence[str]
    seed: int
    depth_max: int = 6
    _fragments: list[str] = field(default_factory=list)
    _variables: dict[str, tuple[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def operation(self, kind: str = "query") -> tuple[str, dict[str, Any]]:
        """Return a document and its variables."""
        self._fragments, self._variables = [], {}
        root = self.schema.query_type if kind == "query" else self.schema.mutation_type
        assert root is not None
        body = self._selection(root, self.depth_max)
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self._variables.items())
        head = f"{kind} Made({declared})" if declared else kind
        variables = {name: value for name, (_, value) in self._variables.items() if value is not Ellipsis}
        return "\n".join([f"{head} {body}", *self._fragments]), variables

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        if isinstance(type_, GraphQLUnionType):
            return self._abstract(type_, depth)
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        chosen = self._some([one for one in type_.fields.items() if not one[0].startswith("__")])
        parts = [self._field(name, definition, depth) for name, definition in chosen]
        parts = [part for part in parts if part] or ["__typename"]
        if self._is(0.2):
            parts.append("__typename")
        if is_abstract_type(type_) and depth > 1:
            parts.append(self._abstract(type_, depth)[1:-1])
        if self._is(0.15):
            parts.append(f"... on {type_.name} {self._inner(parts)}")
        if self._is(0.15):
            parts.append(self._spread(type_.name, parts))
        return "{ " + " ".join(parts) + " }"

    def _abstract(self, type_: Any, depth: int) -> str:
        parts = ["__typename"]
        for member in self._some(self.schema.get_possible_types(type_)):
            parts.append(f"... on {member.name} {self._selection(member, depth - 1)}")
        return "{ " + " ".join(parts) + " }"

    def _inner(self, parts: list[str]) -> str:
        """Ask for some of the fields again: they merge."""
        return "{ " + " ".join(self._some(parts)) + " }"

    def _spread(self, type_name: str, parts: list[str]) -> str:
        name = f"F{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {type_name} {self._inner(parts)}")
        return f"...{name}{self._directive()}"

    def _field(self, name: str, definition: GraphQLField, depth: int) -> str:
        named = get_named_type(definition.type)
        if not is_leaf_type(named) and depth <= 0:
            return ""
        arguments = self._arguments(definition)
        below = "" if is_leaf_type(named) else " " + self._selection(named, depth - 1)
        # A name of its own where arguments or what lies below differ: fields of one name must be the same.
        alias = f"x{self.random.randrange(10**9)}: " if arguments or below or self._is(0.1) else ""
        return f"{alias}{name}{arguments}{self._directive()}{below}"

    def _arguments(self, definition: GraphQLField) -> str:
        given = []
        for name, argument in definition.args.items():
            if is_required_argument(argument) or self._is(0.6):
                given.append(f"{name}: {self._given(argument.type)}")
        return "(" + ", ".join(given) + ")" if given else ""

    def _given(self, type_: Any) -> str:
        if self._is(0.3):
            name = f"v{len(self._variables)}"
            value = self._plain(type_, 3)
            self._variables[name] = (str(type_), value)
            return f"${name}"
        return self._literal(self._plain(type_, 3), type_)

    def _plain(self, type_: Any, depth: int) -> Any:
        if not is_non_null_type(type_) and self._is(0.25):
            return None
        inner = get_nullable_type(type_)
        if is_list_type(inner):
            return [self._plain(inner.of_type, depth) for _ in range(self.random.randrange(3))]
        if isinstance(inner, GraphQLEnumType):
            return self.random.choice(list(inner.values))
        if isinstance(inner, GraphQLInputObjectType):
            return self._object(inner, depth)
        return self._scalar(inner.name)

    def _object(self, type_: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        if _is_one_of(type_):
            name, one = self.random.choice(list(type_.fields.items()))
            value = None
            while value is None:
                value = self._plain(one.type, depth - 1)
            return {name: value}
        return {
            name: self._plain(one.type, depth - 1)
            for name, one in type_.fields.items()
            if is_required_input_field(one) or (depth > 0 and self._is(0.5))
        }

    def _scalar(self, name: str) -> Any:
        if name == "ID":
            return self.random.choice(self.ids)
        if name == "Int":
            return self.random.choice((1, 2, 3, 20, 100, 0, -1, 2**31 - 1))
        if name == "Float":
            return self.random.choice((0.0, 1.5, -1.0, 1e6))
        if name == "Boolean":
            return self._is(0.5)
        if name == "DateTime":
            return "2031-02-03T04:05:06Z"
        return self.random.choice(TEXTS)

    def _literal(self, value: Any, type_: Any) -> str:
        inner = get_nullable_type(type_)
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list):
            return "[" + ", ".join(self._literal(item, inner.of_type) for item in value) + "]"
        if isinstance(value, dict):
            entries = (f"{name}: {self._literal(item, inner.fields[name].type)}" for name, item in value.items())
            return "{" + ", ".join(entries) + "}"
        if isinstance(inner, GraphQLEnumType):
            return str(value)
        if isinstance(value, str):
            return '"' + value.replace("\x00", "\\u0000") + '"'
        return repr(value)

    def _directive(self) -> str:
        if not self._is(0.1):
            return ""
        name = self.random.choice(("skip", "include"))
        if self._is(0.5):
            return f" @{name}(if: {'true' if self._is(0.5) else 'false'})"
        variable = f"v{len(self._variables)}"
        self._variables[variable] = ("Boolean!", self._is(0.5))
        return f" @{name}(if: ${variable})"

    def _some(self, things: Sequence[Any]) -> list[Any]:
        count = min(len(things), self.random.randint(1, WIDTH_MAX))
        return self.random.sample(list(things), count)

    def _is(self, chance: float) -> bool:
        return self.random.random() < chance


def _is_one_of(type_: GraphQLInputObjectType) -> bool:
    """Strawberry validates this by a rule of its own and does not tell graphql-core's type."""
    return bool(type_.is_one_of or type_.extensions["strawberry-definition"].is_one_of)
