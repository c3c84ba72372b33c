"""Writing, reviewing and publishing revisions; scheduling; and reading the audit log."""

from typing import Annotated

import strawberry
from strawberry import ID

from domain.catalog import audit, review
from domain.catalog.review import Draft, DraftText, RevisionState
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.batching import batched, derived
from graph.catalog.revision_inputs import (
    ApproveRevisionInput,
    CancelScheduledChangeInput,
    CreateRevisionInput,
    DiscardRevisionInput,
    EditRevisionInput,
    PublishRevisionInput,
    RejectRevisionInput,
    RevisionDraftInput,
    ScheduleTitleInput,
    SubmitRevisionInput,
)
from graph.catalog.revisions import AuditEntryConnection, Revision, RevisionConnection, ScheduledChange
from graph.catalog.titles import Title
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.loads import visible_titles
from graph.paging import After, Before, First, Last
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field

_BY_EDITORS = (NotFound, SignInRequired, Forbidden)


@problem(review.RevisionStateRefused, description="The revision is not in the state this needs.")
class RevisionStateRefused(Problem):
    """The wrong state."""

    state: RevisionState = derived(lambda refusal, _: RevisionState(refusal.state), description="What it is instead.")


@problem(review.OwnRevision, description="Somebody other than its author has to review a revision.")
class OwnRevision(Problem):
    """The reviewer wrote it."""


@problem(review.RevisionConflicts, description="The title was changed in the same places since. Edit the revision.")
class RevisionConflicts(Problem):
    """Somebody changed the title."""

    fields: list[str] = strawberry.field(description="The places, such as `NAME de`.")


@problem(review.NothingChanged, description="The revision says what the title says already.")
class NothingChanged(Problem):
    """There is nothing to review."""


@problem(review.TooManyRevisions, description="The title has as many open revisions as it may.")
class TooManyRevisions(Problem):
    """Too many revisions."""

    revisions_max: int = strawberry.field(description="How many it may have.")


@problem(review.TooManyScheduled, description="As much is scheduled for the title as may be.")
class TooManyScheduled(Problem):
    """Too much is scheduled."""

    scheduled_max: int = strawberry.field(description="How many changes may be scheduled for one title.")


@strawberry.type(description="The revision is begun.")
class RevisionCreated:
    """What createRevision gives."""

    revision: Revision = strawberry.field(description="The revision as it is now.")


@strawberry.type(description="The revision is a draft with another change set.")
class RevisionEdited:
    """What editRevision gives."""

    revision: Revision = strawberry.field(description="The revision as it is now.")


@strawberry.type(description="The revision waits for a review.")
class RevisionSubmitted:
    """What submitRevision gives."""

    revision: Revision = strawberry.field(description="The revision as it is now.")


@strawberry.type(description="The revision may be published.")
class RevisionApproved:
    """What approveRevision gives."""

    revision: Revision = strawberry.field(description="The revision as it is now.")


@strawberry.type(description="The revision goes back to its author.")
class RevisionRejected:
    """What rejectRevision gives."""

    revision: Revision = strawberry.field(description="The revision as it is now.")


@strawberry.type(description="The revision is published, or will be.")
class RevisionPublished:
    """What publishRevision gives."""

    revision: Revision = strawberry.field(description="The revision as it is now.")
    title: Title = batched(
        visible_titles, key=lambda published: published.revision.title_id, description="The title as it is now."
    )


@strawberry.type(description="The revision is given up.")
class RevisionDiscarded:
    """What discardRevision gives."""

    revision: Revision = strawberry.field(description="The revision as it is now.")


@strawberry.type(description="It will happen.")
class TitleScheduled:
    """What scheduleTitle gives."""

    scheduled_change: ScheduledChange = strawberry.field(description="What will happen, and when.")


@strawberry.type(description="It will not happen.")
class ScheduledChangeCancelled:
    """What cancelScheduledChange gives."""

    scheduled_change: ScheduledChange = strawberry.field(description="What will not happen.")


@mutation_field(
    RevisionCreated,
    refusals=(*_BY_EDITORS, InvalidInput, StaleVersion, review.NothingChanged, review.TooManyRevisions),
    description="Begin a change set of a title that viewers do not see until it is published. Editors only.",
)
async def create_revision(
    work: Work,
    context: Context,
    input: Annotated[CreateRevisionInput, strawberry.argument(description="The revision.")],
) -> RevisionCreated:
    """Begin a revision."""
    revision = await review.create_revision(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        expected_version=input.expected_version,
        draft=_draft(input.draft),
    )
    return RevisionCreated(revision=shown(revision))


@mutation_field(
    RevisionEdited,
    refusals=(*_BY_EDITORS, InvalidInput, StaleVersion, review.RevisionStateRefused, review.NothingChanged),
    description="Put another change set in place of a revision's; it is a draft again. Editors only.",
)
async def edit_revision(
    work: Work,
    context: Context,
    input: Annotated[EditRevisionInput, strawberry.argument(description="The change set.")],
) -> RevisionEdited:
    """Edit a revision."""
    revision = await review.edit_revision(
        work,
        viewer=context.viewer,
        revision_id=read_id(Kind.REVISION, input.revision_id),
        expected_version=input.expected_version,
        draft=_draft(input.draft),
    )
    return RevisionEdited(revision=shown(revision))


@mutation_field(
    RevisionSubmitted,
    refusals=(*_BY_EDITORS, StaleVersion, review.RevisionStateRefused),
    description="Ask for the review of a draft. Editors only.",
)
async def submit_revision(
    work: Work,
    context: Context,
    input: Annotated[SubmitRevisionInput, strawberry.argument(description="Which revision.")],
) -> RevisionSubmitted:
    """Submit a revision."""
    revision = await review.submit_revision(
        work,
        viewer=context.viewer,
        revision_id=read_id(Kind.REVISION, input.revision_id),
        expected_version=input.expected_version,
    )
    return RevisionSubmitted(revision=shown(revision))


@mutation_field(
    RevisionApproved,
    refusals=(*_BY_EDITORS, InvalidInput, StaleVersion, review.RevisionStateRefused, review.OwnRevision),
    description="Approve a revision in review. Editors only; not its author, unless this server is set to allow it.",
)
async def approve_revision(
    work: Work,
    context: Context,
    input: Annotated[ApproveRevisionInput, strawberry.argument(description="Which revision.")],
) -> RevisionApproved:
    """Approve a revision."""
    revision = await review.approve_revision(
        work,
        viewer=context.viewer,
        revision_id=read_id(Kind.REVISION, input.revision_id),
        expected_version=input.expected_version,
        comment=input.comment,
        by_another=context.runtime.settings.review_by_another,
    )
    return RevisionApproved(revision=shown(revision))


@mutation_field(
    RevisionRejected,
    refusals=(*_BY_EDITORS, InvalidInput, StaleVersion, review.RevisionStateRefused, review.OwnRevision),
    description="Send a revision in review back, saying why. Editors only; not its author, unless this server allows.",
)
async def reject_revision(
    work: Work,
    context: Context,
    input: Annotated[RejectRevisionInput, strawberry.argument(description="Which revision, and why.")],
) -> RevisionRejected:
    """Reject a revision."""
    revision = await review.reject_revision(
        work,
        viewer=context.viewer,
        revision_id=read_id(Kind.REVISION, input.revision_id),
        expected_version=input.expected_version,
        comment=input.comment,
        by_another=context.runtime.settings.review_by_another,
    )
    return RevisionRejected(revision=shown(revision))


@mutation_field(
    RevisionPublished,
    refusals=(*_BY_EDITORS, InvalidInput, StaleVersion, review.RevisionStateRefused, review.RevisionConflicts,
              review.TooManyScheduled),
    description="Publish an approved revision and its title, now or at a set time. Editors only.",
)  # fmt: skip
async def publish_revision(
    work: Work,
    context: Context,
    input: Annotated[PublishRevisionInput, strawberry.argument(description="Which revision, and when.")],
) -> RevisionPublished:
    """Publish a revision."""
    revision = await review.publish_revision(
        work,
        viewer=context.viewer,
        revision_id=read_id(Kind.REVISION, input.revision_id),
        expected_version=input.expected_version,
        at=input.at,
    )
    return RevisionPublished(revision=shown(revision))


@mutation_field(
    RevisionDiscarded,
    refusals=(*_BY_EDITORS, StaleVersion, review.RevisionStateRefused),
    description="Give a revision up. Editors only.",
)
async def discard_revision(
    work: Work,
    context: Context,
    input: Annotated[DiscardRevisionInput, strawberry.argument(description="Which revision.")],
) -> RevisionDiscarded:
    """Discard a revision."""
    revision = await review.discard_revision(
        work,
        viewer=context.viewer,
        revision_id=read_id(Kind.REVISION, input.revision_id),
        expected_version=input.expected_version,
    )
    return RevisionDiscarded(revision=shown(revision))


@mutation_field(
    TitleScheduled,
    refusals=(*_BY_EDITORS, InvalidInput, review.TooManyScheduled),
    description="Set a time at which a title is published or withdrawn. Editors only.",
)
async def schedule_title(
    work: Work,
    context: Context,
    input: Annotated[ScheduleTitleInput, strawberry.argument(description="What, and when.")],
) -> TitleScheduled:
    """Schedule something."""
    change = await review.schedule_title(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        action=input.action,
        at=input.at,
    )
    return TitleScheduled(scheduled_change=shown(change))


@mutation_field(
    ScheduledChangeCancelled,
    refusals=_BY_EDITORS,
    description="Call off what is scheduled and has not happened yet. Editors only.",
)
async def cancel_scheduled_change(
    work: Work,
    context: Context,
    input: Annotated[CancelScheduledChangeInput, strawberry.argument(description="Which.")],
) -> ScheduledChangeCancelled:
    """Call something off."""
    change = await review.cancel_scheduled_change(
        work, viewer=context.viewer, scheduled_id=read_id(Kind.SCHEDULED_CHANGE, input.scheduled_change_id)
    )
    return ScheduledChangeCancelled(scheduled_change=shown(change))


@query_field(RevisionConnection, description="Revisions of all titles, the newest first. Editors only.")
async def revisions(
    context: Context,
    state: Annotated[RevisionState | None, strawberry.argument(description="Only those in this state.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[review.Revision]:
    """List revisions."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await review.list_revisions(context.reads, viewer=context.viewer, page=page, state=state)


@query_field(
    AuditEntryConnection,
    description="Who changed what of one title, or of the whole catalog, the newest first. Editors only.",
)
async def audit_log(
    context: Context,
    title_id: Annotated[ID | None, strawberry.argument(description="Only what is about this title.")] = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[audit.AuditEntry]:
    """Read the audit log."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    only = None if title_id is None else read_id(Kind.TITLE, title_id)
    return await audit.audit_log(context.reads, viewer=context.viewer, page=page, title_id=only)


def _draft(draft: RevisionDraftInput) -> Draft:
    texts = [DraftText(text.language, text.name, text.synopsis) for text in draft.texts]
    return Draft(texts=texts, release_year=draft.release_year, maturity_age=draft.maturity_age)


QUERIES = [revisions, audit_log]
MUTATIONS = [
    create_revision, edit_revision, submit_revision, approve_revision, reject_revision, publish_revision,
    discard_revision, schedule_title, cancel_scheduled_change,
]  # fmt: skip
