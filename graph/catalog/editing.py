"""Titles as editors make them."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain import catalog as domain
from domain.catalog import TitleKind
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.batching import batched
from graph.catalog.titles import Right, Title
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.loads import visible_titles
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field


@problem(domain.RightOverlaps, description="The territory is covered for part of that time already. Revoke that right.")
class RightOverlaps(Problem):
    """There is such a right."""

    territory: str = strawberry.field(description="The territory.")


@strawberry.input(description="A new title: a draft with its first text.")
class CreateTitleInput:
    """A new title."""

    kind: TitleKind = strawberry.field(description="What sort of thing it is.")
    language: str = strawberry.field(description="The language of its first text, as a BCP 47 tag.")
    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")
    synopsis: str = strawberry.field(default="", description="What it is about; up to 5,000 characters.")
    release_year: int | None = strawberry.field(default=None, description="The year it came out.")
    maturity_age: int = strawberry.field(default=0, description="The youngest age it is meant for, in years.")


@strawberry.type(description="The draft is made.")
class TitleCreated:
    """What createTitle gives."""

    title: Title = strawberry.field(description="The new title.")


@strawberry.input(description="A title's text in one language.")
class DescribeTitleInput:
    """A title's text."""

    title_id: ID = strawberry.field(description="Which title.")
    language: str = strawberry.field(description="The language of the text, as a BCP 47 tag.")
    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")
    synopsis: str = strawberry.field(default="", description="What it is about; up to 5,000 characters.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="The text is set.")
class TitleDescribed:
    """What describeTitle gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@strawberry.input(description="Where and when a title may be shown.")
class GrantRightInput:
    """A new right."""

    title_id: ID = strawberry.field(description="Which title.")
    territory: str = strawberry.field(description="An ISO 3166-1 alpha-2 code, or `*` for everywhere.")
    opens_at: datetime = strawberry.field(description="From when.")
    closes_at: datetime | None = strawberry.field(default=None, description="Until before when; leave out for no end.")


@strawberry.type(description="The title may be shown there and then.")
class RightGranted:
    """What grantRight gives."""

    right: Right = strawberry.field(description="The new right.")
    title: Title = batched(
        visible_titles, key=lambda granted: granted.right.title_id, description="The title it is of."
    )


@strawberry.input(description="A right to take back.")
class RevokeRightInput:
    """A right to take back."""

    right_id: ID = strawberry.field(description="Which one.")


@strawberry.type(description="The right is taken back. What plays under it ends within a minute.")
class RightRevoked:
    """What revokeRight gives."""

    title: Title = strawberry.field(description="The title it was of.")


@strawberry.input(description="A title to publish.")
class PublishTitleInput:
    """A title to publish."""

    title_id: ID = strawberry.field(description="Which title.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="Viewers may find the title wherever it has an open right.")
class TitlePublished:
    """What publishTitle gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@strawberry.input(description="A title to withdraw.")
class WithdrawTitleInput:
    """A title to withdraw."""

    title_id: ID = strawberry.field(description="Which title.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="Viewers no longer find the title. What plays of it ends within a minute.")
class TitleWithdrawn:
    """What withdrawTitle gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@mutation_field(
    TitleCreated,
    refusals=(InvalidInput, SignInRequired, Forbidden),
    description="Make a draft with its text in one language, which becomes its own. Editors only.",
)
async def create_title(
    work: Work,
    context: Context,
    input: Annotated[CreateTitleInput, strawberry.argument(description="The title.")],
) -> TitleCreated:
    """Make a draft."""
    title = await domain.create_title(
        work,
        viewer=context.viewer,
        kind=input.kind,
        language=input.language,
        name=input.name,
        synopsis=input.synopsis,
        release_year=input.release_year,
        maturity_age=input.maturity_age,
    )
    return TitleCreated(title=shown(title))


@mutation_field(
    TitleDescribed,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden, StaleVersion),
    description="Set a title's name and synopsis in one language. Editors only.",
)
async def describe_title(
    work: Work,
    context: Context,
    input: Annotated[DescribeTitleInput, strawberry.argument(description="The text.")],
) -> TitleDescribed:
    """Set a text."""
    title = await domain.describe_title(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        language=input.language,
        name=input.name,
        synopsis=input.synopsis,
        expected_version=input.expected_version,
    )
    return TitleDescribed(title=shown(title))


@mutation_field(
    RightGranted,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden, domain.RightOverlaps),
    description="Allow a title to be shown in a territory during a window. Editors only.",
)
async def grant_right(
    work: Work,
    context: Context,
    input: Annotated[GrantRightInput, strawberry.argument(description="The right.")],
) -> RightGranted:
    """Grant a right."""
    right = await domain.grant_right(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        territory=input.territory,
        opens_at=input.opens_at,
        closes_at=input.closes_at,
    )
    return RightGranted(right=shown(right))


@mutation_field(
    RightRevoked,
    refusals=(NotFound, SignInRequired, Forbidden),
    description="Take a right back. What plays under it ends with its lease. Editors only.",
)
async def revoke_right(
    work: Work,
    context: Context,
    input: Annotated[RevokeRightInput, strawberry.argument(description="The right.")],
) -> RightRevoked:
    """Take a right back."""
    title = await domain.revoke_right(work, viewer=context.viewer, right_id=read_id(Kind.RIGHT, input.right_id))
    return RightRevoked(title=shown(title))


@mutation_field(
    TitlePublished,
    refusals=(NotFound, SignInRequired, Forbidden, StaleVersion),
    description="Let viewers find a title where it has rights. Editors only.",
)
async def publish_title(
    work: Work,
    context: Context,
    input: Annotated[PublishTitleInput, strawberry.argument(description="The title.")],
) -> TitlePublished:
    """Publish a title."""
    title = await domain.publish_title(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        expected_version=input.expected_version,
    )
    return TitlePublished(title=shown(title))


@mutation_field(
    TitleWithdrawn,
    refusals=(NotFound, SignInRequired, Forbidden, StaleVersion),
    description="Hide a title from viewers. What plays of it ends with its lease. Editors only.",
)
async def withdraw_title(
    work: Work,
    context: Context,
    input: Annotated[WithdrawTitleInput, strawberry.argument(description="The title.")],
) -> TitleWithdrawn:
    """Withdraw a title."""
    title = await domain.withdraw_title(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        expected_version=input.expected_version,
    )
    return TitleWithdrawn(title=shown(title))
