"""Completes one row exactly as graphql-core would (GraphQL specification, "Value Completion"), in its order and words.

It runs for rows in which something is amiss, and for roots. A null where none may be, or an exception, becomes an error
at its path; where the place may not be null, the error rises to the next one that may.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLError,
    GraphQLList,
    GraphQLOutputType,
    Undefined,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    located_error,
)
from graphql.pyutils import is_iterable

from graph.batching import BatchLoad, Derivation, shaped
from graph.execution.leaves import exact
from graph.execution.plans import Attribute, FieldPlan, Own, Selection
from graph.execution.writing import NO_KEY, Written
from graph.loaders import Failed

if TYPE_CHECKING:
    from graph.execution.running import Execution

Path = tuple[str | int, ...]


class Nulled:
    """Stands for an object that cannot be: what went wrong in it rises to whoever holds it."""

    def __init__(self, error: GraphQLError) -> None:
        self.error = error


class Completion:
    """Completes rows for one execution."""

    def __init__(self, execution: "Execution") -> None:
        self._execution = execution

    def row(
        self, written: Written, row: Any, found: Sequence[Any], path: Path
    ) -> tuple[dict[str, Any] | Nulled | None, tuple[Any, ...]]:
        """Complete one row of a level.

        Returns its object, and the values of the fields that lead on, which are completed as levels of their own.
        """
        leading: dict[str, Any] = {one.response_name: None for one in written.leading}
        if row is None:
            return None, tuple(leading.values())
        made: dict[str, Any] = {}
        for one in written.selection.fields:
            field_path = (*path, one.response_name)
            try:
                if isinstance(row, Exception):
                    raise row
                value = self._value(written, one, row, found)
                if isinstance(value, Exception):
                    raise value
                if one.leads_on:
                    leading[one.response_name] = value
                    made[one.response_name] = None
                else:
                    made[one.response_name] = self.value(one, one.type, value, field_path)
            except Exception as fault:  # a resolver may raise anything: the edge of a field
                if isinstance(row, Exception):
                    return Nulled(located_error(row, written.selection.nodes, path)), (None,) * len(leading)
                error = located_error(fault, one.nodes, field_path)
                if one.is_non_null:
                    return Nulled(error), (None,) * len(leading)
                self._execution.record(error)
                made[one.response_name] = None
        return made, tuple(leading.values())

    def value(self, one: FieldPlan, type_: GraphQLOutputType, value: Any, path: Path) -> Any:
        """Complete a value below which nothing has to be loaded.

        Raises:
            GraphQLError, or whatever a resolver raised: not located yet where it happened at this very place.
        """
        if isinstance(value, Exception):
            raise value
        if is_non_null_type(type_):
            completed = self.value(one, type_.of_type, value, path)
            if completed is None:
                raise null_fault(one)
            return completed
        if value is None or value is Undefined:
            return None
        if is_list_type(type_):
            items = listed(one, value)
            return [self._item(one, type_.of_type, item, (*path, index)) for index, item in enumerate(items)]
        if is_leaf_type(type_):
            return exact(type_)(value)
        only = None if one.below is None else one.below.only
        assert only is not None, "an abstract type leads on"
        return self._object(only, value, path)

    def _item(self, one: FieldPlan, type_: GraphQLOutputType, item: Any, path: Path) -> Any:
        try:
            return self.value(one, type_, item, path)
        except Exception as fault:  # a resolver may raise anything: the edge of an item
            error = located_error(fault, one.nodes, path)
            if is_non_null_type(type_):
                raise error from fault
            self._execution.record(error)
            return None

    def _object(self, selection: Selection, row: Any, path: Path) -> dict[str, Any]:
        completed, _ = self.row(self._execution.written(selection), row, (), path)
        if isinstance(completed, Nulled):
            raise completed.error
        assert completed is not None, "the row is there"
        return completed

    def _value(self, written: Written, one: FieldPlan, row: Any, found: Sequence[Any]) -> Any:
        way = one.way
        if isinstance(way, Attribute):
            return getattr(row, way.name)
        if way is Own.TYPENAME:
            return written.selection.type.name
        context = self._execution.context
        if isinstance(way, Derivation):
            return way.take(row, context)
        assert isinstance(way, BatchLoad), "roots are called, not read"
        arguments = {} if one.arguments is None else one.arguments.values(self._execution.variables)
        loaded = found[written.columns[one.response_name]]
        if loaded.__class__ is Failed:
            raise loaded.error
        if loaded is NO_KEY:
            return None
        return shaped(way, loaded, context, arguments)


def null_fault(one: FieldPlan) -> TypeError:
    """Make the fault of a field that is null and may not be."""
    return TypeError(f"Cannot return null for non-nullable field {one.parent}.{one.name}.")


def listed(one: FieldPlan, value: Any) -> Sequence[Any]:
    """Return the items of a list field's value.

    Raises:
        GraphQLError: it is no list.
    """
    if value.__class__ is list or value.__class__ is tuple:
        items: Sequence[Any] = value
        return items
    if not is_iterable(value):
        raise GraphQLError(f"Expected Iterable, but did not find one for field '{one.parent}.{one.name}'.")
    return list(value)


def item_type_of(one: FieldPlan) -> GraphQLOutputType:
    """Return the type of a list field's items."""
    listed_type = get_nullable_type(one.type)
    assert isinstance(listed_type, GraphQLList), "the field is a list"
    item: GraphQLOutputType = listed_type.of_type
    return item
