"""Editorial review: change sets of titles that viewers do not see until somebody else has approved them.

A revision is written, submitted, approved or rejected, and published now or at a set time. What it changes is kept
field by field with what was there before, so that publishing never undoes somebody else's later edit.
"""

from domain.catalog.review.due import RUN_DUE, run_due_change
from domain.catalog.review.queries import (
    list_revisions,
    revisions_by_id,
    revisions_of_titles,
    scheduled_by_id,
    scheduled_of_titles,
)
from domain.catalog.review.revising import (
    approve_revision,
    create_revision,
    discard_revision,
    edit_revision,
    publish_revision,
    reject_revision,
    submit_revision,
)
from domain.catalog.review.revision import (
    Change,
    ContentField,
    Draft,
    DraftText,
    NothingChanged,
    OwnRevision,
    Revision,
    RevisionConflicts,
    RevisionId,
    RevisionState,
    RevisionStateRefused,
    TooManyRevisions,
)
from domain.catalog.review.scheduling import (
    ScheduledAction,
    ScheduledChange,
    ScheduledState,
    TooManyScheduled,
    cancel_scheduled_change,
    schedule_title,
)

__all__ = [
    "RUN_DUE",
    "Change",
    "ContentField",
    "Draft",
    "DraftText",
    "NothingChanged",
    "OwnRevision",
    "Revision",
    "RevisionConflicts",
    "RevisionId",
    "RevisionState",
    "RevisionStateRefused",
    "ScheduledAction",
    "ScheduledChange",
    "ScheduledState",
    "TooManyRevisions",
    "TooManyScheduled",
    "approve_revision",
    "cancel_scheduled_change",
    "create_revision",
    "discard_revision",
    "edit_revision",
    "list_revisions",
    "publish_revision",
    "reject_revision",
    "revisions_by_id",
    "revisions_of_titles",
    "run_due_change",
    "schedule_title",
    "scheduled_by_id",
    "scheduled_of_titles",
    "submit_revision",
]
