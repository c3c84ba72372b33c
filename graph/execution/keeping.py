"""Completes a level from kept fragments: what is everybody's comes from there, what is the viewer's own is added.

Whatever goes wrong on the way is nobody's fragment: the level is then completed as if none were kept.
"""

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from graph.execution.plans import Selection, Split
from graph.fragments import Fragment, Sight

if TYPE_CHECKING:
    from graph.execution.running import Execution, Where


class _Troubled(Exception):
    """Something went wrong in a level, so that nobody shares it."""


async def from_fragments(
    execution: "Execution", sight: Sight, split: Split, rows: Sequence[Any], where: "Where"
) -> list[Any] | None:
    """Return the objects of rows, aligned; None when they have to be completed without fragments."""
    key = _key(execution, split)
    if key is None:
        return None
    try:
        if split.shares_row is not None:
            return await _from_rows(execution, sight, split, key, rows, where)
        return await _from_ids(execution, sight, split, key, rows, where)
    except _Troubled:
        return None


async def _from_ids(
    execution: "Execution", sight: Sight, split: Split, key: Hashable, rows: Sequence[Any], where: "Where"
) -> list[Any]:
    shelf = sight.shelf(key)
    if split.own is None:
        with suppress(KeyError, AttributeError):
            return [shelf[row.id] for row in rows]
    if any(row is None or isinstance(row, Exception) for row in rows):
        raise _Troubled
    ids: list[UUID] = [row.id for row in rows]
    missing = {id: row for id, row in zip(ids, rows, strict=True) if id not in shelf}
    known = {id: shelf[id] for id in ids if id not in missing}
    if split.own is None:
        known.update(await _shared(execution, split, key, missing, where))
        return [known[id] for id in ids]
    fresh, own = await asyncio.gather(
        _shared(execution, split, key, missing, where), _run(execution.trial(), split.own, rows, where)
    )
    known.update(fresh)
    return [{**known[id], **more} for id, more in zip(ids, own, strict=True)]


async def _from_rows(
    execution: "Execution", sight: Sight, split: Split, key: Hashable, rows: Sequence[Any], where: "Where"
) -> list[Any]:
    """Return rows as they were written for their class of viewers; the others as objects."""
    found: list[Any] = sight.written_rows(key, rows)
    if None not in found:
        return found
    if any(row is None or isinstance(row, Exception) for row in rows):
        raise _Troubled
    assert split.shares_row is not None, "these are such rows"
    shared = {id(row): row for row, one in zip(rows, found, strict=True) if one is None and split.shares_row(row)}
    own = [row for row, one in zip(rows, found, strict=True) if one is None and id(row) not in shared]
    fresh = await _shared(execution, split, key, shared, where)
    theirs = iter(await _run(execution.trial(), split.shared, own, where) if own else ())
    return [
        one if one is not None else fresh[id(row)] if id(row) in fresh else next(theirs)
        for row, one in zip(rows, found, strict=True)
    ]


async def _shared(
    execution: "Execution", split: Split, key: Hashable, rows: Mapping[Any, Any], where: "Where"
) -> dict[Any, Any]:
    """Complete what everybody sees alike of rows, together with whoever asks for the same at the moment."""
    if not rows:
        return {}

    async def complete(wanted: Sequence[Any]) -> Sequence[Any]:
        trial = await execution.afresh()
        assert trial.sight is not None, "only who looks gets here"
        made = await _run(trial, split.shared, wanted, where)
        if split.shares_row is not None:
            return [trial.sight.put_row(key, row, one) for row, one in zip(wanted, made, strict=True)]
        fresh = {row.id: _in_order(split, one) for row, one in zip(wanted, made, strict=True)}
        trial.sight.put(key, fresh)
        return list(fresh.values())

    gathering = execution.context.runtime.gathering
    return await gathering.get(("fragments", key), rows, complete)


async def _run(trial: "Execution", selection: Selection, rows: Sequence[Any], where: "Where") -> Sequence[Any]:
    made: Sequence[Any] = await trial.written(selection).run(trial, rows, where)
    if trial.is_troubled or trial.errors:
        raise _Troubled
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
