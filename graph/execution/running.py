"""One execution of a plan: rows go down level by level, objects come back up."""

import asyncio
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import GraphQLError, is_non_null_type, located_error
from graphql.execution.values import VariableValues

from graph.batching import identity_of
from graph.context import Context
from graph.execution.completing import Completion, Nulled, Path, item_type_of, listed, null_fault
from graph.execution.keeping import from_fragments
from graph.execution.plans import Below, FieldPlan, Selection
from graph.execution.writing import NO_KEY, LoadGroup
from graph.fragments import Sight
from graph.loaders import Failed
from graph.rows import type_name_of


@dataclass(frozen=True)
class Where:
    """Where the rows of a level stand in the response, worked out only for errors.

    `owners` are the numbers of the rows above, one for each row; for a list, one for each list, with `starts` where
    its items begin.
    """

    above: "Where | None"
    name: str = ""
    owners: Sequence[int] = ()
    starts: Sequence[int] | None = None

    def path(self, number: int) -> Path:
        """Return the path of a row."""
        if self.above is None:
            return ()
        if self.starts is None:
            return (*self.above.path(self.owners[number]), self.name)
        owner = bisect_right(self.starts, number) - 1
        return (*self.above.path(self.owners[owner]), self.name, number - self.starts[owner])


@dataclass(frozen=True)
class Picked(Where):
    """Some rows of a level: those of one type."""

    numbers: Sequence[int] = ()

    def path(self, number: int) -> Path:
        assert self.above is not None, "they are picked from a level"
        return self.above.path(self.numbers[number])


@dataclass
class Execution:
    """The state of one execution. `written` gives what is written for a selection."""

    context: Context
    variables: VariableValues
    written: Any
    # What may be used and kept of fragments; None when nothing may.
    sight: Sight | None = None
    errors: list[GraphQLError] = field(default_factory=list)
    # Whether some object had to be left out, so that places have to be looked at one by one.
    is_troubled: bool = False
    _has_failed_keys: bool = False
    _arguments: dict[FieldPlan, dict[str, Any] | None] = field(default_factory=dict)

    def record(self, error: GraphQLError) -> None:
        """Keep the error of a place that is null because of it."""
        self.errors.append(error)

    def arguments_of(self, one: FieldPlan) -> dict[str, Any] | None:
        """Return a field's arguments; None when they cannot be had, which each row's completion says again."""
        if one not in self._arguments:
            assert one.arguments is not None, "only fields with arguments ask"
            try:
                self._arguments[one] = one.arguments.values(self.variables)
            except GraphQLError:
                self._arguments[one] = None
        return self._arguments[one]

    async def load(self, groups: Sequence[LoadGroup], rows: Sequence[Any]) -> list[list[Any]] | None:
        """Load every group of a level at once. None when some of it failed: `run_slowly` then tells row by row."""
        if len(groups) == 1:
            columns = [await self._column(groups[0], rows)]
        else:
            columns = await asyncio.gather(*(self._column(group, rows) for group in groups))
        # Also a key may have failed, which no loader knows of.
        if (self.context.loaders.has_failed or self._has_failed_keys) and _holds_failures(columns):
            return None
        return columns

    async def run_slowly(self, selection: Selection, rows: Sequence[Any], where: Where) -> list[Any]:
        """Complete a level row by row. What was loaded is known; what failed fails in its own field."""
        written = self.written(selection)
        columns = [await self._column(group, rows) for group in written.groups]
        out, leading = [], []
        for number, row in enumerate(rows):
            found = tuple(column[number] for column in columns)
            made, values = self.recover(selection, row, found, where, number)
            out.append(made)
            leading.append(values)
        if written.leading:
            await self.descend(selection, out, list(zip(*leading, strict=True)) if leading else [()], where)
        return out

    def recover(
        self, selection: Selection, row: Any, found: Sequence[Any], where: Where, number: int
    ) -> tuple[Any, tuple[Any, ...]]:
        """Complete a row that did not go well, exactly."""
        made, leading = Completion(self).row(self.written(selection), row, found, where.path(number))
        if made.__class__ is not dict:
            self.is_troubled = True
        return made, leading

    async def descend(
        self, selection: Selection, out: list[Any], columns: Sequence[Sequence[Any]], where: Where
    ) -> None:
        """Complete the fields that lead on, side by side, and put what comes back into the objects."""
        leading = self.written(selection).leading
        if len(leading) == 1:
            await self.lead(leading[0], out, columns[0], where)
            return
        await asyncio.gather(
            *(self.lead(one, out, column, where) for one, column in zip(leading, columns, strict=True))
        )

    async def run(self, below: Below, rows: Sequence[Any], where: Where) -> list[Any]:
        """Return the objects of rows, aligned; None and `Nulled` for those that cannot be."""
        if not rows:
            return []
        if below.only is not None:
            return await self._run_rows(below.only, rows, where)
        return await self._run_abstract(below, rows, where)

    def trial(self) -> "Execution":
        """Return an execution of the same whose errors are its own."""
        return replace(self, errors=[], is_troubled=False)

    async def afresh(self) -> "Execution":
        """Return an execution of the same that reads at this moment, for everybody who waits for what it finds."""
        assert self.sight is not None, "only who looked at fragments shares them"
        sight = await self.sight.fragments.look()
        return Execution(self.context.again(), self.variables, self.written, sight)

    async def _run_rows(self, selection: Selection, rows: Sequence[Any], where: Where) -> list[Any]:
        if self.sight is not None and selection.split is not None:
            found = await from_fragments(self, self.sight, selection.split, rows, where)
            if found is not None:
                return found
        made: list[Any] = await self.written(selection).run(self, rows, where)
        return made

    async def _column(self, group: LoadGroup, rows: Sequence[Any]) -> list[Any]:
        batch = group.batch
        passed: dict[str, Any] = {}
        if batch.load_arguments:
            arguments = self.arguments_of(group.field)
            if arguments is None:
                return [NO_KEY] * len(rows)
            passed = {name: arguments[name] for name in batch.load_arguments}
        keys = self._keys_of(batch.key, rows)
        wanted = [key for key in keys if key is not None and key.__class__ is not Failed]
        found = await self.context.loaders.settle(
            identity_of(batch, passed), wanted, lambda missing: batch.load(self.context, missing, **passed)
        )
        if len(found) == len(keys):
            return found
        remaining = iter(found)
        return [NO_KEY if key is None else key if key.__class__ is Failed else next(remaining) for key in keys]

    def _keys_of(self, key: Any, rows: Sequence[Any]) -> list[Any]:
        try:
            return [key(row) for row in rows]
        except Exception:  # one fails in its row's own field: the edge of a field
            self._has_failed_keys = True
            return [_key_of(key, row) for row in rows]

    async def lead(self, one: FieldPlan, out: list[Any], column: Sequence[Any], where: Where) -> None:
        if one.is_list:
            await self._lead_to_lists(one, out, column, where)
        else:
            await self._lead_to_objects(one, out, column, where)

    async def _lead_to_objects(self, one: FieldPlan, out: list[Any], column: Sequence[Any], where: Where) -> None:
        owners = [number for number, value in enumerate(column) if value is not None]
        rows = column if len(owners) == len(column) else [column[number] for number in owners]
        assert one.below is not None, "it leads to objects"
        made = await self.run(one.below, rows, Where(where, one.response_name, owners))
        name = one.response_name
        if not self.is_troubled and (len(owners) == len(out) or not one.is_non_null):
            for number, value in zip(owners, made, strict=True):
                out[number][name] = value
            return
        results = dict(zip(owners, made, strict=True))
        for number, parent in enumerate(out):
            if parent.__class__ is dict:
                out[number] = self._place(one, parent, results.get(number), (*where.path(number), name))

    async def _lead_to_lists(self, one: FieldPlan, out: list[Any], column: Sequence[Any], where: Where) -> None:
        owners: list[int] = []
        starts: list[int] = []
        rows: list[Any] = []
        faults: dict[int, Nulled] = {}
        for number, value in enumerate(column):
            if value is None:
                continue
            try:
                items = listed(one, value)
            except Exception as fault:  # iterating may raise anything: the edge of a field
                faults[number] = Nulled(located_error(fault, one.nodes, (*where.path(number), one.response_name)))
                self.is_troubled = True
                continue
            owners.append(number)
            starts.append(len(rows))
            rows.extend(items)
        assert one.below is not None, "it leads to objects"
        made = await self.run(one.below, rows, Where(where, one.response_name, owners, starts))
        ends = [*starts[1:], len(rows)] if starts else []
        name = one.response_name
        if not self.is_troubled and len(owners) == len(out):
            for number, start, end in zip(owners, starts, ends, strict=True):
                out[number][name] = made[start:end]
            return
        lists: dict[int, Any] = dict(faults)
        for number, start, end in zip(owners, starts, ends, strict=True):
            lists[number] = self._list(one, made[start:end], (*where.path(number), name))
        for number, parent in enumerate(out):
            if parent.__class__ is dict:
                out[number] = self._place(one, parent, lists.get(number), (*where.path(number), name))

    def _list(self, one: FieldPlan, made: list[Any], path: Path) -> "list[Any] | Nulled":
        """Return a list whose items may be null, or what keeps it from being."""
        is_strict = is_non_null_type(item_type_of(one))
        for index, item in enumerate(made):
            if item is None and is_strict:
                return Nulled(located_error(null_fault(one), one.nodes, (*path, index)))
            if item.__class__ is Nulled:
                if is_strict:
                    return item
                self.record(item.error)
                made[index] = None
        return made

    def _place(self, one: FieldPlan, parent: dict[str, Any], value: Any, path: Path) -> "dict[str, Any] | Nulled":
        """Put a value into its object. Returns the object, or what keeps it from being."""
        if value is None and one.is_non_null:
            value = Nulled(located_error(null_fault(one), one.nodes, path))
        if value.__class__ is Nulled:
            self.is_troubled = True
            if one.is_non_null:
                nulled: Nulled = value
                return nulled
            self.record(value.error)
            value = None
        parent[one.response_name] = value
        return parent

    async def _run_abstract(self, below: Below, rows: Sequence[Any], where: Where) -> list[Any]:
        numbers_by_type: dict[str, list[int]] = {}
        out: list[Any] = [None] * len(rows)
        for number, row in enumerate(rows):
            if row is None:
                self.is_troubled = True
                continue
            try:
                if isinstance(row, Exception):
                    raise row
                name = type_name_of(row)
                below.selection(name)
            except Exception as fault:  # a row of a type that may not come here: the edge of a field
                out[number] = Nulled(located_error(fault, below.nodes, where.path(number)))
                self.is_troubled = True
                continue
            numbers_by_type.setdefault(name, []).append(number)
        levels = [
            (numbers, self._run_type(below.selection(name), rows, numbers, where))
            for name, numbers in numbers_by_type.items()
        ]
        made = [await levels[0][1]] if len(levels) == 1 else await asyncio.gather(*(level for _, level in levels))
        for (numbers, _), objects in zip(levels, made, strict=True):
            for number, value in zip(numbers, objects, strict=True):
                out[number] = value
        return out

    async def _run_type(self, selection: Selection, rows: Sequence[Any], numbers: list[int], where: Where) -> list[Any]:
        level = Picked(where, numbers=numbers)
        return await self._run_rows(selection, [rows[number] for number in numbers], level)


def _holds_failures(columns: Sequence[Sequence[Any]]) -> bool:
    return any(loaded.__class__ is Failed for column in columns for loaded in column)


def _key_of(key: Any, row: Any) -> Any:
    try:
        return key(row)
    except Exception as fault:  # it fails in the row's own field: the edge of a field
        return Failed(fault)
