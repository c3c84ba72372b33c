"""Writes the Python of a plan: for each selection a function that turns a level of rows into response objects.

    async def run(ex, rows, where):          # every selection: rows → objects, aligned
        columns = await ex.load(groups, rows)   # its batch loads, together
        for row, x0, … in zip(rows, …):         # one dict display a row, in selection order
        await ex.descend(selection, …)          # fields that lead to rows with loads of their own

    def make(row, ex)                        # also, where nothing waits: used inside the row above it

Whatever does not go well in a row (an exception, a null where none may be) leaves the fast expression, and the row is
completed again by `completing`, which is exact and slow.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLLeafType, GraphQLOutputType, is_leaf_type, is_list_type, is_non_null_type
from graphql.type import GraphQLEnumType

from graph.batching import BatchLoad, Derivation
from graph.execution.leaves import Absent, enum_class, fast_expression, strict
from graph.execution.plans import Attribute, FieldPlan, Own, Selection

# Stands for the row of a key that is None: there was nothing to load.
NO_KEY = object()


@dataclass(frozen=True, eq=False)
class LoadGroup:
    """Fields of one selection that are found by the same load of the same keys. `field` gives its arguments."""

    batch: BatchLoad
    field: FieldPlan


@dataclass(frozen=True, eq=False)
class Written:
    """A selection that can be run. `columns` tells for each field which load group finds it."""

    selection: Selection
    run: Callable[..., Any]
    make: Callable[..., Any] | None
    groups: Sequence[LoadGroup]
    columns: dict[str, int]
    leading: Sequence[FieldPlan]
    source: str = field(repr=False, default="")


def write(selection: Selection, written_of: Callable[[Selection], Written]) -> Written:
    """Write one selection; `written_of` gives what is written for those below it."""
    return _Writer(selection, written_of).write()


class _Writer:
    def __init__(self, selection: Selection, written_of: Callable[[Selection], Written]) -> None:
        self._selection = selection
        self._written_of = written_of
        self._names: dict[str, object] = {"NO_KEY": NO_KEY, "odd": _odd, "items": _items, "Fault": Exception}
        self._rules: dict[str, Callable[[Any], Any]] = {}
        self._variables = 0
        self._groups: list[LoadGroup] = []
        self._columns: dict[str, int] = {}
        self._leading = [one for one in selection.fields if one.leads_on]
        self._group_fields()

    def write(self) -> Written:
        source = "\n".join([*self._run_lines(), *self._make_lines()]) + "\n"
        code = compile(source, f"<plan of {self._selection.type.name}>", "exec")
        exec(code, self._names)  # noqa: S102 (the source is written here, from the schema and not from the document)
        return Written(
            selection=self._selection,
            run=self._names["run"],  # type: ignore[arg-type]  # a function of the executed source
            make=self._names.get("make"),  # type: ignore[arg-type]  # likewise
            groups=self._groups,
            columns=self._columns,
            leading=self._leading,
            source=source,
        )

    def _group_fields(self) -> None:
        shared: dict[object, int] = {}
        for one in self._selection.fields:
            if not isinstance(one.way, BatchLoad):
                continue
            # Arguments of a load may differ between fields; the others share it.
            identity = (one.way.load, one.way.key, one if one.way.load_arguments else None)
            if identity not in shared:
                shared[identity] = len(self._groups)
                self._groups.append(LoadGroup(one.way, one))
            self._columns[one.response_name] = shared[identity]

    def _run_lines(self) -> list[str]:
        numbers = range(len(self._groups))
        children = range(len(self._leading))
        me = self._named("s", self._selection)
        lines = ["async def run(ex, rows, where):", "    context = ex.context"]
        for number, one in enumerate(self._selection.fields):
            if one.arguments is not None:
                self._names[f"f{number}"] = one
                lines.append(f"    a{number} = ex.arguments_of(f{number})")
        if self._groups:
            self._names["groups"] = self._groups
            lines.append("    columns = await ex.load(groups, rows)")
            lines.append(f"    if columns is None: return await ex.run_slowly({me}, rows, where)")
        lines += ["    out = []"]
        lines += [f"    c{child} = []" for child in children]
        loop = ", ".join(["row", *(f"x{number}" for number in numbers)])
        lines.append(f"    for {loop} in zip(rows, *columns):" if self._groups else "    for row in rows:")
        lines.append("        try:")
        if not self._touches():
            lines.append("            odd(row)")
        for child, one in enumerate(self._leading):
            lines.append(f"            e{child} = {self._value(one)}")
        lines.append(f"            made = {self._display()}")
        lines.append("        except Fault:")
        values = "".join(f"x{number}, " for number in numbers)
        firsts = "".join(f"e{child}, " for child in children)
        unpacked = f"made, ({firsts})" if self._leading else "made, _"
        lines.append(f"            {unpacked} = ex.recover({me}, row, ({values}), where, len(out))")
        lines.append("        out.append(made)")
        lines += [f"        c{child}.append(e{child})" for child in children]
        if self._leading:
            columns = "".join(f"c{child}, " for child in children)
            lines.append(f"    await ex.descend({me}, out, ({columns}), where)")
        lines.append("    return out")
        return lines

    def _make_lines(self) -> list[str]:
        if self._selection.waits:
            return []
        lines = ["def make(row, ex):", "    context = ex.context"]
        if not self._touches():
            lines.append("    odd(row)")
        return [*lines, f"    return {self._display()}"]

    def _touches(self) -> bool:
        """Whether making the object looks into the row, so that a row that is none is noticed."""
        return any(isinstance(one.way, Attribute) for one in self._selection.fields)

    def _display(self) -> str:
        entries = (f"{one.response_name!r}: {self._entry(one)}" for one in self._selection.fields)
        return "{" + ", ".join(entries) + "}"

    def _entry(self, one: FieldPlan) -> str:
        if one.leads_on:
            return "None"
        if one.way is Own.TYPENAME:
            return repr(self._selection.type.name)
        return self._written_value(one, one.type, self._value(one))

    def _value(self, one: FieldPlan) -> str:
        """Return the expression of a field's value, as it was found."""
        if isinstance(one.way, Attribute):
            return f"row.{one.way.name}"
        if isinstance(one.way, Derivation):
            return f"{self._named('t', one.way.take)}(row, context)"
        assert isinstance(one.way, BatchLoad), "roots are not written"
        x = f"x{self._columns[one.response_name]}"
        if one.way.shape is None:
            return f"(None if {x} is NO_KEY else {x})"
        if isinstance(one.way.shape, str):
            return f"(None if {x} is NO_KEY or {x} is None else {x}.{one.way.shape})"
        arguments = f", **a{self._selection.fields.index(one)}" if one.arguments is not None else ""
        return f"(None if {x} is NO_KEY else {self._named('h', one.way.shape)}({x}, context{arguments}))"

    def _written_value(self, one: FieldPlan, type_: GraphQLOutputType, value: str) -> str:
        """Return the expression that writes a value of a type below which nothing has to be loaded."""
        variable = self._variable()
        if not is_non_null_type(type_):
            return f"(None if ({variable} := {value}) is None else {self._present(one, type_, variable, variable)})"
        if is_list_type(type_.of_type):
            # Nothing may be bound where a comprehension's list stands.
            return self._present(one, type_.of_type, variable, value)
        return self._present(one, type_.of_type, variable, f"{variable} := {value}")

    def _present(self, one: FieldPlan, type_: GraphQLOutputType, variable: str, bound: str) -> str:
        if is_list_type(type_):
            item = self._variable()
            written = self._written_value(one, type_.of_type, item)
            return f"[{written} for {item} in items({bound})]"
        if is_leaf_type(type_):
            return self._leaf(type_, variable, bound)
        only = None if one.below is None else one.below.only
        assert only is not None, "an abstract type leads on"
        make = self._written_of(only).make
        return f"{self._named('m', make)}(({bound}), ex)"

    def _leaf(self, type_: GraphQLLeafType, variable: str, bound: str) -> str:
        name = self._named("k", self._strict(type_))
        if isinstance(type_, GraphQLEnumType):
            self._names[f"{name}_enum"] = enum_class(type_)
        return fast_expression(type_, variable, bound, name)

    def _strict(self, type_: GraphQLLeafType) -> Callable[[Any], Any]:
        if type_.name not in self._rules:
            self._rules[type_.name] = strict(type_)
        return self._rules[type_.name]

    def _variable(self) -> str:
        self._variables += 1
        return f"v{self._variables}"

    def _named(self, prefix: str, value: object) -> str:
        for name, known in self._names.items():
            if known is value:
                return name
        name = f"{prefix}{len(self._names)}"
        self._names[name] = value
        return name


def _odd(row: object) -> None:
    """Leave the fast way when a row is none."""
    if row is None or isinstance(row, Exception):
        raise Absent


def _items(value: object) -> object:
    """Leave the fast way when a value is a list of another kind, or none at all."""
    if value.__class__ is list or value.__class__ is tuple:
        return value
    raise Absent
