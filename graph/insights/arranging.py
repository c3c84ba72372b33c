"""The home screen as editors arrange it."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import ID

from domain import insights as domain
from domain.insights import HomeRow as RowRow
from domain.insights import RowAudience, RowRule, RowTarget
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.context import Context
from graph.global_ids import Kind, global_id, read_id
from graph.insights.home import HomeRow, HomeRowConnection
from graph.paging import After, Before, First, Last
from graph.payloads import shown
from graph.root_fields import mutation_field, query_field

_CHANGE = (InvalidInput, SignInRequired, Forbidden, NotFound, StaleVersion)


@strawberry.input(description="When a row is shown and to whom. What is left out holds for all.")
class HomeRowTargetInput:
    """A row's target."""

    starts_at: datetime | None = strawberry.field(default=None, description="From when.")
    ends_at: datetime | None = strawberry.field(default=None, description="Until before when.")
    territories: list[str] | None = strawberry.field(
        default=None, description="Only in these, as ISO 3166-1 alpha-2 codes."
    )
    device_classes: list[str] | None = strawberry.field(
        default=None, description="Only on these: WEB, MOBILE, TV, CONSOLE."
    )
    audience: RowAudience | None = strawberry.field(default=None, description="Only for them.")


@strawberry.input(description="A new row of the home screen.")
class CreateHomeRowInput:
    """A new row."""

    kind: RowRule = strawberry.field(description="What fills it.")
    language: str = strawberry.field(description="The language of its first title, as a BCP 47 tag.")
    title: str = strawberry.field(description="What it is called; 1 to 100 characters.")
    position: int = strawberry.field(description="Where it stands: rows come by this number, the lowest first.")
    is_shown: bool = strawberry.field(default=True, description="Whether it is on the screen.")
    target: HomeRowTargetInput | None = strawberry.field(default=None, description="When, and to whom.")


@strawberry.input(description="What a row is called in one language.")
class DescribeHomeRowInput:
    """A row's title."""

    row_id: ID = strawberry.field(description="Which row.")
    language: str = strawberry.field(description="The language, as a BCP 47 tag.")
    title: str = strawberry.field(description="What it is called; 1 to 100 characters.")
    expected_version: int = strawberry.field(description="The row's `version` as you know it.")


@strawberry.input(description="Where a row stands, when it is shown and to whom.")
class ArrangeHomeRowInput:
    """A row's place."""

    row_id: ID = strawberry.field(description="Which row.")
    position: int = strawberry.field(description="Where it stands: rows come by this number, the lowest first.")
    is_shown: bool = strawberry.field(description="Whether it is on the screen.")
    target: HomeRowTargetInput | None = strawberry.field(default=None, description="When, and to whom.")
    expected_version: int = strawberry.field(description="The row's `version` as you know it.")


@strawberry.input(description="The titles of a row that editors fill.")
class FillHomeRowInput:
    """A row's titles."""

    row_id: ID = strawberry.field(description="Which row.")
    title_ids: list[ID] = strawberry.field(description="Its titles in their order, at most 200; they replace the old.")
    expected_version: int = strawberry.field(description="The row's `version` as you know it.")


@strawberry.input(description="A row to remove.")
class RemoveHomeRowInput:
    """A row to remove."""

    row_id: ID = strawberry.field(description="Which row.")
    expected_version: int = strawberry.field(description="The row's `version` as you know it.")


@strawberry.type(description="The row is made.")
class HomeRowCreated:
    """What createHomeRow gives."""

    row: HomeRow = strawberry.field(description="The new row.")


@strawberry.type(description="The row has its title.")
class HomeRowDescribed:
    """What describeHomeRow gives."""

    row: HomeRow = strawberry.field(description="The row as it is now.")


@strawberry.type(description="The row has its place.")
class HomeRowArranged:
    """What arrangeHomeRow gives."""

    row: HomeRow = strawberry.field(description="The row as it is now.")


@strawberry.type(description="The row has its titles.")
class HomeRowFilled:
    """What fillHomeRow gives."""

    row: HomeRow = strawberry.field(description="The row as it is now.")


@strawberry.type(description="The row is gone.")
class HomeRowRemoved:
    """What removeHomeRow gives."""

    row_id: ID = strawberry.field(description="The id it had.")


@query_field(
    HomeRowConnection,
    description="Every row of the home screen in its order, also those not shown. Editors only.",
)
async def home_rows(
    context: Context, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[RowRow]:
    """List rows."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await domain.all_home_rows(context.reads, viewer=context.viewer, page=page)


@mutation_field(
    HomeRowCreated,
    refusals=(InvalidInput, SignInRequired, Forbidden),
    description="Make a row. One that editors fill is on the screen once it has titles. Editors only.",
)
async def create_home_row(
    work: Work, context: Context, input: Annotated[CreateHomeRowInput, strawberry.argument(description="The row.")]
) -> HomeRowCreated:
    """Make a row."""
    row = await domain.create_home_row(
        work,
        viewer=context.viewer,
        rule=input.kind,
        language=input.language,
        name=input.title,
        position=input.position,
        target=_target(input.target),
        is_shown=input.is_shown,
    )
    return HomeRowCreated(row=shown(row))


@mutation_field(
    HomeRowDescribed, refusals=_CHANGE, description="Set what a row is called in one language. Editors only."
)
async def describe_home_row(
    work: Work, context: Context, input: Annotated[DescribeHomeRowInput, strawberry.argument(description="The title.")]
) -> HomeRowDescribed:
    """Name a row."""
    row = await domain.describe_home_row(
        work,
        viewer=context.viewer,
        row_id=read_id(Kind.HOME_ROW, input.row_id),
        language=input.language,
        name=input.title,
        expected_version=input.expected_version,
    )
    return HomeRowDescribed(row=shown(row))


@mutation_field(
    HomeRowArranged,
    refusals=_CHANGE,
    description="Set where a row stands, when it is shown and to whom. Editors only.",
)
async def arrange_home_row(
    work: Work, context: Context, input: Annotated[ArrangeHomeRowInput, strawberry.argument(description="Its place.")]
) -> HomeRowArranged:
    """Place a row."""
    row = await domain.arrange_home_row(
        work,
        viewer=context.viewer,
        row_id=read_id(Kind.HOME_ROW, input.row_id),
        position=input.position,
        is_shown=input.is_shown,
        target=_target(input.target),
        expected_version=input.expected_version,
    )
    return HomeRowArranged(row=shown(row))


@mutation_field(HomeRowFilled, refusals=_CHANGE, description="Put titles into a row, instead of its old. Editors only.")
async def fill_home_row(
    work: Work, context: Context, input: Annotated[FillHomeRowInput, strawberry.argument(description="The titles.")]
) -> HomeRowFilled:
    """Fill a row."""
    row = await domain.fill_home_row(
        work,
        viewer=context.viewer,
        row_id=read_id(Kind.HOME_ROW, input.row_id),
        title_ids=[read_id(Kind.TITLE, id) for id in input.title_ids],
        expected_version=input.expected_version,
    )
    return HomeRowFilled(row=shown(row))


@mutation_field(
    HomeRowRemoved,
    refusals=(SignInRequired, Forbidden, NotFound, StaleVersion),
    description="Remove a row for good. Editors only.",
)
async def remove_home_row(
    work: Work, context: Context, input: Annotated[RemoveHomeRowInput, strawberry.argument(description="Which row.")]
) -> HomeRowRemoved:
    """Remove a row."""
    row_id = read_id(Kind.HOME_ROW, input.row_id)
    await domain.remove_home_row(work, viewer=context.viewer, row_id=row_id, expected_version=input.expected_version)
    return HomeRowRemoved(row_id=global_id(Kind.HOME_ROW, row_id))


def _target(given: HomeRowTargetInput | None) -> RowTarget:
    if given is None:
        return RowTarget()
    return RowTarget(
        starts_at=given.starts_at,
        ends_at=given.ends_at,
        territories=given.territories,
        device_classes=given.device_classes,
        audience=given.audience,
    )
