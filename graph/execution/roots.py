"""Executes the root of a plan: calls its fields, side by side for a query and one after another for a mutation."""

import asyncio
from typing import Any

from graphql import located_error

from graph.batching import RootCall
from graph.execution.completing import Completion, Nulled
from graph.execution.plans import FieldPlan, Own, Selection
from graph.execution.running import Execution, Where

ROOT = Where(None)


async def run_root(execution: Execution, selection: Selection, *, event: Any, is_serial: bool) -> dict[str, Any] | None:
    """Return the data of a response, None when something that may not be null is."""
    out: list[Any] = [dict.fromkeys(one.response_name for one in selection.fields)]
    if is_serial:
        for one in selection.fields:
            await _field(execution, one, out, event)
            if out[0].__class__ is Nulled:
                break
    elif len(selection.fields) == 1:
        await _field(execution, selection.fields[0], out, event)
    else:
        await asyncio.gather(*(_field(execution, one, out, event) for one in selection.fields))
    data = out[0]
    if data.__class__ is Nulled:
        execution.record(data.error)
        return None
    assert isinstance(data, dict), "a root is there, or something in it is not"
    return data


async def _field(execution: Execution, one: FieldPlan, out: list[Any], event: Any) -> None:
    path = (one.response_name,)
    try:
        value = await _value(execution, one, event)
        if isinstance(value, Exception):
            raise value
        if one.below is None:
            value = Completion(execution).value(one, one.type, value, path)
    except Exception as fault:  # a resolver may raise anything: the edge of a field
        error = located_error(fault, one.nodes, path)
        if one.is_non_null:
            if out[0].__class__ is dict:
                out[0] = Nulled(error)
                execution.is_troubled = True
        else:
            execution.record(error)
        return
    if one.below is not None:
        await execution.lead(one, out, [value], ROOT)
    elif out[0].__class__ is dict:
        out[0][one.response_name] = value


async def _value(execution: Execution, one: FieldPlan, event: Any) -> Any:
    if one.way is Own.TYPENAME:
        return one.parent.name
    arguments = {} if one.arguments is None else one.arguments.values(execution.variables)
    if one.way is Own.EVENT:
        return event
    assert isinstance(one.way, RootCall), "roots are called"
    return await one.way.call(execution.context, arguments)
