"""Titles as editors make them."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain import catalog as domain
from domain.catalog import TitleKind
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.catalog.titles import Title
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field


@problem(domain.PartTaken, description="The number is another part's. Choose another, or move that one first.")
class PartTaken(Problem):
    """There is such a part."""

    number: int = strawberry.field(description="The number.")


@strawberry.input(description="A new title: a draft with its first text.")
class CreateTitleInput:
    """A new title."""

    kind: TitleKind = strawberry.field(description="What sort of thing it is.")
    language: str = strawberry.field(description="The language of its first text, as a BCP 47 tag.")
    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")
    synopsis: str = strawberry.field(default="", description="What it is about; up to 5,000 characters.")
    release_year: int | None = strawberry.field(default=None, description="The year it came out.")
    maturity_age: int = strawberry.field(default=0, description="The youngest age it is meant for, in years.")
    parent_id: ID | None = strawberry.field(
        default=None, description="The series of a season; the season, or the series, of an episode."
    )
    number: int | None = strawberry.field(default=None, description="A season's or an episode's number in its parent.")
    original_language: str | None = strawberry.field(
        default=None, description="The language it was made in, as a BCP 47 tag."
    )
    starts_at: datetime | None = strawberry.field(default=None, description="When a live event starts.")
    ends_at: datetime | None = strawberry.field(default=None, description="When a live event ends.")


@strawberry.type(description="The draft is made.")
class TitleCreated:
    """What createTitle gives."""

    title: Title = strawberry.field(description="The new title.")


@strawberry.input(description="Where a season or an episode belongs.")
class PlaceTitleInput:
    """A place."""

    title_id: ID = strawberry.field(description="Which season or episode.")
    parent_id: ID = strawberry.field(description="The series of a season; the season, or the series, of an episode.")
    number: int = strawberry.field(description="Its number there, from 0 to 9999.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="The title has its place.")
class TitlePlaced:
    """What placeTitle gives."""

    title: Title = strawberry.field(description="The title as it is now.")


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
    refusals=(InvalidInput, SignInRequired, Forbidden, NotFound, domain.PartTaken),
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
        parent_id=None if input.parent_id is None else read_id(Kind.TITLE, input.parent_id),
        number=input.number,
        original_language=input.original_language,
        starts_at=input.starts_at,
        ends_at=input.ends_at,
    )
    return TitleCreated(title=shown(title))


@mutation_field(
    TitlePlaced,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden, StaleVersion, domain.PartTaken),
    description="Move a season or an episode to another place. Editors only.",
)
async def place_title(
    work: Work,
    context: Context,
    input: Annotated[PlaceTitleInput, strawberry.argument(description="The place.")],
) -> TitlePlaced:
    """Move a part."""
    title = await domain.place_title(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        parent_id=read_id(Kind.TITLE, input.parent_id),
        number=input.number,
        expected_version=input.expected_version,
    )
    return TitlePlaced(title=shown(title))


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


MUTATIONS = [create_title, place_title, describe_title, publish_title, withdraw_title]
