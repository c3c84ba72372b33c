"""Revisions of titles, what is scheduled for titles, and the audit log, as editors see them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import orjson
import strawberry
from strawberry import ID

from domain.accounts import Account, accounts_by_id
from domain.catalog import audit, review
from domain.catalog.review import (
    Change,
    ContentField,
    RevisionState,
    ScheduledAction,
    ScheduledState,
)
from domain.catalog.review import Revision as RevisionRow
from domain.catalog.review import ScheduledChange as ScheduledRow
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, global_id, loads_node
from graph.loads import is_editor, visible_titles
from graph.nodes import Node
from graph.paging import connection_of
from graph.rows import declares
from graph.wording import camel_case

described(
    RevisionState,
    description="Where a revision is on its way.",
    values={
        RevisionState.DRAFT: "Its author is working on it.",
        RevisionState.IN_REVIEW: "It waits for a review.",
        RevisionState.APPROVED: "It may be published.",
        RevisionState.REJECTED: "It has to be changed; `comment` says why.",
        RevisionState.PUBLISHED: "Viewers see it.",
        RevisionState.DISCARDED: "It was given up.",
    },
)
described(
    ContentField,
    description="What of a title a revision can change.",
    values={
        ContentField.NAME: "What it is called, in one language.",
        ContentField.SYNOPSIS: "What it is about, in one language.",
        ContentField.RELEASE_YEAR: "The year it came out.",
        ContentField.MATURITY_AGE: "The youngest age it is meant for.",
    },
)
described(
    ScheduledAction,
    description="What is set to happen to a title.",
    values={
        ScheduledAction.PUBLISH: "It is published.",
        ScheduledAction.WITHDRAW: "It is withdrawn.",
        ScheduledAction.PUBLISH_REVISION: "One of its revisions is published.",
    },
)
described(
    ScheduledState,
    description="Whether something scheduled has happened.",
    values={
        ScheduledState.PENDING: "Not yet.",
        ScheduledState.DONE: "It has.",
        ScheduledState.FAILED: "It could not; `failure` says why.",
        ScheduledState.CANCELLED: "It was called off.",
    },
)
described(
    audit.Operation,
    name="AuditOperation",
    description="What became of a part of the catalog.",
    values={
        audit.Operation.CREATED: "It is new.",
        audit.Operation.CHANGED: "It is another now.",
        audit.Operation.REMOVED: "It is gone.",
    },
)


async def editors(context: Context, keys: Sequence[UUID]) -> list[Account | None]:
    """Load the accounts of editors, for editors."""
    return await accounts_by_id(context.reads, keys) if is_editor(context) else [None for _ in keys]


@loads_node(Kind.REVISION, row=RevisionRow)
async def visible_revisions(context: Context, keys: Sequence[UUID]) -> list[RevisionRow | None]:
    """Load revisions; only editors see them."""
    return await review.revisions_by_id(context.reads, keys) if is_editor(context) else [None for _ in keys]


@loads_node(Kind.SCHEDULED_CHANGE, row=ScheduledRow)
async def visible_scheduled(context: Context, keys: Sequence[UUID]) -> list[ScheduledRow | None]:
    """Load what is scheduled; only editors see it."""
    return await review.scheduled_by_id(context.reads, keys) if is_editor(context) else [None for _ in keys]


async def titles_revisions(context: Context, keys: Sequence[UUID]) -> Sequence[Sequence[RevisionRow]]:
    """Load the newest revisions of titles; only editors see them."""
    return await review.revisions_of_titles(context.reads, keys) if is_editor(context) else [() for _ in keys]


async def titles_scheduled(context: Context, keys: Sequence[UUID]) -> Sequence[Sequence[ScheduledRow]]:
    """Load what is scheduled for titles; only editors see it."""
    return await review.scheduled_of_titles(context.reads, keys) if is_editor(context) else [() for _ in keys]


def _name(account: Account | None, _context: Context) -> str | None:
    return None if account is None else account.display_name


def written(value: object) -> str | None:
    """Write a value for people: texts as they are, everything else as JSON, nothing as null."""
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


@declares(Change)
@strawberry.type(description="One field of a title, before and after.")
class RevisionChange:
    """A change."""

    field: ContentField = strawberry.field(description="Which field.")
    language: str | None = strawberry.field(description="The language of a text, as a BCP 47 tag.")
    before: str | None = derived(
        lambda change, _: written(change.before), description="What it was; null when there was nothing."
    )
    after: str | None = derived(
        lambda change, _: written(change.after), description="What it becomes; null when it goes."
    )


@declares(RevisionRow)
@strawberry.type(description="A change set of a title, which viewers see nothing of until it is published.")
class Revision(Node):
    """A revision."""

    state: RevisionState = strawberry.field(description="Where it is on its way.")
    changes: list[RevisionChange] = strawberry.field(description="What it changes.")
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")
    author: str | None = batched(
        editors, key=lambda row: row.created_by, shape=_name, description="The name of its author."
    )
    reviewer: str | None = batched(
        editors, key=lambda row: row.reviewed_by, shape=_name, description="The name of who reviewed it."
    )
    comment: str | None = strawberry.field(description="What its reviewer said.")
    created_at: datetime = strawberry.field(description="When it was begun.")
    reviewed_at: datetime | None = strawberry.field(description="When it was reviewed.")
    published_at: datetime | None = strawberry.field(description="When it was published.")
    title: Annotated["Title", strawberry.lazy("graph.catalog.titles")] | None = batched(  # type: ignore[name-defined]  # noqa: F821 - named only where it is made
        visible_titles, key=lambda row: row.title_id, description="The title it is of."
    )


@declares(ScheduledRow)
@strawberry.type(description="Something that is set to happen to a title at an instant, or has.")
class ScheduledChange(Node):
    """Something scheduled."""

    action: ScheduledAction = strawberry.field(description="What is to happen.")
    at: datetime = strawberry.field(description="When, to a few seconds.")
    state: ScheduledState = strawberry.field(description="Whether it has happened.")
    failure: str | None = strawberry.field(description="The code of the problem that stood against it.")
    author: str | None = batched(
        editors, key=lambda row: row.created_by, shape=_name, description="The name of who scheduled it."
    )
    revision: Revision | None = batched(
        visible_revisions, key=lambda row: row.revision_id, description="The revision that is to be published."
    )


@declares(audit.FieldChange)
@strawberry.type(description="One field of an audited row, before and after.")
class AuditChange:
    """A change of a field."""

    field: str = derived(lambda change, _: camel_case(change.field), description="Which field.")
    before: str | None = derived(
        lambda change, _: written(change.before), description="What it was; what is no text is written as JSON."
    )
    after: str | None = derived(
        lambda change, _: written(change.after), description="What it is since; what is no text is written as JSON."
    )


@declares(audit.AuditEntry)
@strawberry.type(description="One row of the catalog that was changed. Entries are never changed or deleted.")
class AuditEntry:
    """An entry of the audit log."""

    at: datetime = strawberry.field(description="When it was done.")
    editor: str | None = batched(
        editors,
        key=lambda entry: entry.account_id,
        shape=_name,
        description="The name of who did it; null when the service did.",
    )
    action: str = derived(
        lambda entry, _: camel_case(entry.action), description="By what it was done, such as `describeTitle`."
    )
    subject: str = derived(
        lambda entry, _: camel_case(entry.subject), description="Which part of the catalog, such as `titleTexts`."
    )
    operation: audit.Operation = strawberry.field(description="What became of it.")
    transaction: str = derived(
        lambda entry, _: str(entry.transaction), description="The same for all that was changed together."
    )
    title_id: ID | None = derived(
        lambda entry, _: None if entry.title_id is None else global_id(Kind.TITLE, entry.title_id),
        description="The title it is about; null for what belongs to no single title.",
    )
    changes: list[AuditChange] = strawberry.field(description="The fields that differ, by name.")


RevisionConnection = connection_of(Revision, plural="revisions")
AuditEntryConnection = connection_of(AuditEntry, plural="audit entries")
