"""Completes a level from kept fragments: what is everybody's comes from there, what is the viewer's own is added.

Whatever goes wrong on the way is nobody's fragment: the level is then completed as if none were kept.
"""

import asyncio
from collections.abc import Hashable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graph.execution.plans import Selection, Split
from graph.fragments import Fragment, Sight

if TYPE_CHECKING:
    from graph.execution.running import Execution, Where


async def from_fragments(
    execution: "Execution", sight: Sight, split: Split, rows: Sequence[Any], where: "Where"
) -> list[Any] | None:
    """Return the objects of rows, aligned; None when they have to be completed without fragments."""
    key = _key(execution, split)
    if key is None:
        return None
    if split.shares_row is not None:
        return await _from_rows(execution, sight, split, key, rows, where)
    shelf = sight.shelf(key)
    if split.own is None:
        with suppress(KeyError, AttributeError):
            return [shelf[row.id] for row in rows]
    if any(row is None or isinstance(row, Exception) for row in rows):
        return None
    ids: list[UUID] = [row.id for row in rows]
    known = {id: shelf.get(id) for id in ids}
    missing = [number for number, id in enumerate(ids) if known[id] is None]
    trial = execution.trial()
    made, own = await asyncio.gather(
        _run(trial, split.shared, [rows[number] for number in missing], where),
        _run(trial, split.own, rows, where),
    )
    if trial.is_troubled or trial.errors:
        return None
    fresh = {ids[number]: _in_order(split, one) for number, one in zip(missing, made, strict=True)}
    sight.put(key, fresh)
    known.update(fresh)
    if split.own is None:
        return [known[id] for id in ids]
    return [{**(known[id] or {}), **more} for id, more in zip(ids, own, strict=True)]


async def _from_rows(
    execution: "Execution", sight: Sight, split: Split, key: Hashable, rows: Sequence[Any], where: "Where"
) -> list[Any] | None:
    """Return rows as they were written for their class of viewers; the others as objects."""
    found: list[Any] = sight.written_rows(key, rows)
    if None not in found:
        return found
    missing = [number for number, one in enumerate(found) if one is None]
    if any(row is None or isinstance(row, Exception) for row in rows):
        return None
    trial = execution.trial()
    made = await _run(trial, split.shared, [rows[number] for number in missing], where)
    if trial.is_troubled or trial.errors:
        return None
    for number, one in zip(missing, made, strict=True):
        assert split.shares_row is not None, "these are such rows"
        found[number] = sight.put_row(key, rows[number], one) if split.shares_row(rows[number]) else one
    return found


async def _run(trial: "Execution", selection: Selection | None, rows: Sequence[Any], where: "Where") -> list[Any]:
    if selection is None or not rows:
        return []
    made: list[Any] = await trial.written(selection).run(trial, rows, where)
    return made


def _in_order(split: Split, made: Fragment) -> Fragment:
    """Leave places for what is the viewer's own, so that the response has its fields in the order of the document."""
    return made if split.own is None else {name: made.get(name) for name in split.names}


def _key(execution: "Execution", split: Split) -> Hashable | None:
    languages = execution.context.caller.languages
    if split.fixed is not None:
        return (split, split.fixed, languages)
    given: list[Hashable] = []
    for one in split.with_arguments:
        arguments = execution.arguments_of(one)
        if arguments is None:
            return None
        # Arguments may be lists and objects; how they are written tells them apart.
        given.append(repr(sorted(arguments.items())))
    return (split, tuple(given), languages)
