"""What editors give to write, review, publish and schedule."""

from datetime import datetime

import strawberry
from strawberry import ID

from domain.catalog.review import ScheduledAction


@strawberry.input(description="A title's text in one language, as it should become.")
class RevisionTextInput:
    """A text."""

    language: str = strawberry.field(description="The language of the text, as a BCP 47 tag.")
    name: str | None = strawberry.field(
        default=None, description="What it should be called, 1 to 200 characters; leave out to take the text away."
    )
    synopsis: str = strawberry.field(default="", description="What it is about; up to 5,000 characters.")


@strawberry.input(description="What a title should become. What is left out stays as it is.")
class RevisionDraftInput:
    """A change set."""

    texts: list[RevisionTextInput] = strawberry.field(default_factory=list, description="Texts, each language once.")
    release_year: int | None = strawberry.field(default=None, description="The year it came out.")
    maturity_age: int | None = strawberry.field(default=None, description="The youngest age it is meant for, in years.")


@strawberry.input(description="A revision to begin.")
class CreateRevisionInput:
    """A new revision."""

    title_id: ID = strawberry.field(description="Which title.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")
    draft: RevisionDraftInput = strawberry.field(description="What the title should become.")


@strawberry.input(description="Another change set for a revision.")
class EditRevisionInput:
    """An edited revision."""

    revision_id: ID = strawberry.field(description="Which revision.")
    expected_version: int = strawberry.field(description="The revision's `version` as you know it.")
    draft: RevisionDraftInput = strawberry.field(description="What the title should become.")


@strawberry.input(description="A revision to have reviewed.")
class SubmitRevisionInput:
    """A revision to review."""

    revision_id: ID = strawberry.field(description="Which revision.")
    expected_version: int = strawberry.field(description="The revision's `version` as you know it.")


@strawberry.input(description="A revision to approve.")
class ApproveRevisionInput:
    """A revision to approve."""

    revision_id: ID = strawberry.field(description="Which revision.")
    expected_version: int = strawberry.field(description="The revision's `version` as you know it.")
    comment: str = strawberry.field(default="", description="What you think of it; up to 2,000 characters.")


@strawberry.input(description="A revision to send back.")
class RejectRevisionInput:
    """A revision to reject."""

    revision_id: ID = strawberry.field(description="Which revision.")
    expected_version: int = strawberry.field(description="The revision's `version` as you know it.")
    comment: str = strawberry.field(description="What has to change; 1 to 2,000 characters.")


@strawberry.input(description="A revision to publish.")
class PublishRevisionInput:
    """A revision to publish."""

    revision_id: ID = strawberry.field(description="Which revision.")
    expected_version: int = strawberry.field(description="The revision's `version` as you know it.")
    at: datetime | None = strawberry.field(default=None, description="When; leave out for now.")


@strawberry.input(description="A revision to give up.")
class DiscardRevisionInput:
    """A revision to discard."""

    revision_id: ID = strawberry.field(description="Which revision.")
    expected_version: int = strawberry.field(description="The revision's `version` as you know it.")


@strawberry.input(description="When to publish or withdraw a title.")
class ScheduleTitleInput:
    """Something to schedule."""

    title_id: ID = strawberry.field(description="Which title.")
    action: ScheduledAction = strawberry.field(description="PUBLISH or WITHDRAW.")
    at: datetime = strawberry.field(description="When; at most 20 years ahead.")


@strawberry.input(description="Something scheduled to call off.")
class CancelScheduledChangeInput:
    """Something to call off."""

    scheduled_change_id: ID = strawberry.field(description="Which.")
