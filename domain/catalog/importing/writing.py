"""Writes rows of an import: a batch of them with a few statements, and what is wrong with the others.

A row is taken as a whole or not at all, and never at the cost of another. What the database refuses for a reason that
nobody looked for is halved until only the row that it refuses is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from domain.catalog import store
from domain.catalog.audit import as_service
from domain.catalog.entry import TitleEntry
from domain.catalog.facts import CATALOG_TOPIC, TitleChanged, TitlePublished, TitleWithdrawn
from domain.catalog.importing.fields import TitleRow
from domain.catalog.importing.merging import ImportMode, RowConflict, merged
from domain.catalog.importing.problems import RowCode, RowProblem
from domain.catalog.store.imported import BatchRefused, ChangedTitle, Slot
from domain.catalog.title import PARENTS, TitleId, TitleState
from domain.kernel.work import Work

_FACTS = {TitleState.PUBLISHED: TitlePublished, TitleState.WITHDRAWN: TitleWithdrawn, TitleState.DRAFT: TitleChanged}


@dataclass(frozen=True)
class Written:
    """What became of a batch: how many titles, and what is wrong with the other rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    problems: Sequence[RowProblem] = ()

    def plus(self, other: "Written") -> "Written":
        """Return both together."""
        return Written(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            (*self.problems, *other.problems),
        )


async def write_rows(work: Work, *, rows: Sequence[TitleRow], mode: ImportMode, account_id: UUID) -> Written:
    """Make or change the titles of rows with different external ids, on behalf of an account.

    Titles that are already as their rows say stay untouched. Imports write one batch after the other, under a lock
    that lasts until the work ends; changed titles are locked too. Announces TitleChanged, TitlePublished or
    TitleWithdrawn for each title that is made or changed.
    """
    await as_service(work, account_id=account_id, action="import_titles")
    await store.lock_imports(work.connection)
    return await _write(work, rows, mode=mode, account_id=account_id)


async def _write(work: Work, rows: Sequence[TitleRow], *, mode: ImportMode, account_id: UUID) -> Written:
    if not rows:
        return Written()
    try:
        async with work.part():
            return await _write_at_once(work, rows, mode=mode, account_id=account_id)
    except BatchRefused as refused:
        if len(rows) == 1:
            message = f"The catalog refuses this row ({refused.rule})."
            return Written(problems=[RowProblem(rows[0].line, rows[0].external_id, "", RowCode.REFUSED, message)])
    middle = len(rows) // 2
    first = await _write(work, rows[:middle], mode=mode, account_id=account_id)
    return first.plus(await _write(work, rows[middle:], mode=mode, account_id=account_id))


async def _write_at_once(work: Work, rows: Sequence[TitleRow], *, mode: ImportMode, account_id: UUID) -> Written:
    batch = await _load(work, rows, mode)
    changes = _settled(batch)
    await store.write_imported(work.connection, list(changes.values()), created_by=account_id, at=work.now)
    for change in changes.values():
        is_moved = change.before is None or change.before.state is not change.after.state
        announced = _FACTS[change.after.state] if is_moved else TitleChanged
        await work.announce(CATALOG_TOPIC, announced(TitleId(change.id)))
    created = sum(change.before is None for change in changes.values())
    unchanged = len(batch.wanted) - len(changes)
    return Written(created, len(changes) - created, unchanged, batch.problems)


@dataclass
class _Batch:
    """What a batch wants, and what is there. `wanted` loses the rows that turn out not to go."""

    known: Mapping[str, store.StoredTitle]
    tag_ids: Mapping[tuple[str, str], UUID]
    holders: dict[Slot, UUID] = field(default_factory=dict)
    ids: dict[str, UUID] = field(default_factory=dict)
    rows: dict[str, TitleRow] = field(default_factory=dict)
    wanted: dict[str, TitleEntry] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)

    def drop(self, key: str, name: str, code: RowCode, message: str) -> None:
        """Leave a row out."""
        del self.wanted[key]
        self.problems.append(RowProblem(self.rows[key].line, key, name, code, message))

    def before(self, key: str) -> TitleEntry | None:
        """Return what is there of a title."""
        return self.known[key].entry if key in self.known else None

    def parent_of(self, title: TitleEntry) -> tuple[UUID, TitleEntry] | None:
        """Return the parent of a title, in the catalog or in this batch."""
        key = title.parent or ""
        if key in self.known:
            return self.known[key].id, self.known[key].entry
        return (self.ids[key], self.wanted[key]) if key in self.wanted else None

    def slot_of(self, title: TitleEntry) -> Slot | None:
        """Return the place that a title wants in its parent."""
        parent = self.parent_of(title) if title.parent is not None else None
        return None if parent is None else Slot(parent[0], title.kind, title.number or 0)


async def _load(work: Work, rows: Sequence[TitleRow], mode: ImportMode) -> _Batch:
    keys = {row.external_id for row in rows}
    keys |= {row.parent for row in rows if row.parent is not None}
    known = await store.lock_titles_of(work.connection, sorted(keys))
    # What a row leaves as it is has to be known too.
    above = {one.entry.parent for one in known.values() if one.entry.parent is not None}
    known |= await store.lock_titles_of(work.connection, sorted(above - known.keys()))
    slugs = {slug for row in rows for slug in (*row.genres, *row.tags)}
    slugs |= {slug for one in known.values() for slug in (*one.entry.genres, *one.entry.tags)}
    batch = _Batch(known, await store.tags_of_slugs(work.connection, sorted(slugs)))
    for row in rows:
        key = row.external_id
        batch.rows[key] = row
        batch.ids[key] = known[key].id if key in known else work.new_id()
        try:
            batch.wanted[key] = merged(row, batch.before(key), mode=mode)
        except RowConflict as conflict:
            batch.problems.append(conflict.problem)
    _check_tags(batch)
    _check_parents(batch)
    slots = {slot for title in batch.wanted.values() if (slot := batch.slot_of(title)) is not None}
    batch.holders = await store.holders_of(work.connection, sorted(slots))
    return batch


def _check_tags(batch: _Batch) -> None:
    for key, title in list(batch.wanted.items()):
        for kind, name, slugs in (("GENRE", "genres", title.genres), ("TAG", "tags", title.tags)):
            missing = next((slug for slug in slugs if (kind, slug) not in batch.tag_ids), None)
            if missing is not None and key in batch.wanted:
                noun = "genre" if kind == "GENRE" else "tag"
                batch.drop(key, name, RowCode.UNKNOWN_TAG, f"There is no {noun} with the slug {missing}.")


def _check_parents(batch: _Batch) -> None:
    """Leave out parts without a parent, then their parts, and so on: at most as often as there are levels."""
    is_settled = False
    while not is_settled:
        is_settled = True
        for key, title in list(batch.wanted.items()):
            if title.parent is None:
                continue
            parent = batch.parent_of(title)
            if parent is None:
                message = f"There is no title {title.parent[:40]!r} yet. Put it before its parts."
                batch.drop(key, "parent", RowCode.UNKNOWN_PARENT, message)
            elif parent[1].kind not in PARENTS[title.kind]:
                wanted = " or ".join(kind.value for kind in PARENTS[title.kind])
                batch.drop(key, "parent", RowCode.INVALID, f"This is part of a {wanted}, not of a {parent[1].kind}.")
            else:
                continue
            is_settled = False


def _settled(batch: _Batch) -> dict[str, ChangedTitle]:
    """Return what changes once every place in a parent has one title. Leaving one out may leave its place taken."""
    while True:
        moving = {batch.ids[key] for key, title in batch.wanted.items() if _is_moving(batch.before(key), title)}
        taken: dict[Slot, UUID] = {slot: id for slot, id in batch.holders.items() if id not in moving}
        dropped = False
        for key, title in list(batch.wanted.items()):
            slot = batch.slot_of(title)
            if slot is not None and taken.setdefault(slot, batch.ids[key]) != batch.ids[key]:
                batch.drop(key, "number", RowCode.PLACE_TAKEN, f"Another part has the number {slot.number}.")
                dropped = True
        if not dropped:
            break
        _check_parents(batch)
    changes = {}
    for key, title in batch.wanted.items():
        if (before := batch.before(key)) != title:
            parent = batch.parent_of(title) if title.parent is not None else None
            tag_ids = [batch.tag_ids["GENRE", slug] for slug in title.genres]
            tag_ids += [batch.tag_ids["TAG", slug] for slug in title.tags]
            changes[key] = ChangedTitle(
                id=batch.ids[key],
                before=before,
                after=title,
                parent_id=None if parent is None else parent[0],
                parent_kind=None if parent is None else parent[1].kind,
                tag_ids=tag_ids,
            )
    return changes


def _is_moving(before: TitleEntry | None, after: TitleEntry) -> bool:
    return before is not None and (before.parent, before.number) != (after.parent, after.number)
