"""The home screen: rows of titles."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from domain import insights as domain
from domain.catalog import Title as TitleRow
from domain.catalog import best_text
from domain.insights import SHELF_TOPIC, RowAudience, RowRule, RowSource, RowTarget, RowText, ShelfPage
from domain.insights import HomeRow as RowRow
from domain.kernel.paging import Page, PageRequest
from graph.batching import batched, derived
from graph.catalog.titles import TitleConnection
from graph.context import Context
from graph.enums import described
from graph.fragments import kept_by_row
from graph.global_ids import Kind, loads_node
from graph.loads import is_editor
from graph.nodes import Node
from graph.paging import After, Before, First, Last, connection_of
from graph.root_fields import query_field
from graph.rows import declares

described(
    RowRule,
    name="HomeRowKind",
    description="What fills a row of the home screen.",
    values={
        RowRule.EDITORIAL: "Titles that editors chose.",
        RowRule.NEW: "What was published last, the newest first.",
        RowRule.TRENDING: "What is watched most these days.",
        RowRule.LEAVING_SOON: "What can soon no longer be watched, the first to leave first.",
        RowRule.BECAUSE_YOU_WATCHED: "What is like something the profile has watched.",
        RowRule.CONTINUE_WATCHING: "What the profile has begun and not finished, the last watched first.",
    },
)


described(
    RowAudience,
    name="HomeRowAudience",
    description="Whom a row of the home screen is for.",
    values={
        RowAudience.KIDS: "Profiles that may watch nothing above the age of 12.",
        RowAudience.GROWN_UPS: "All but those profiles; strangers too.",
        RowAudience.SIGNED_IN: "Everybody who is signed in.",
        RowAudience.STRANGERS: "Everybody who is not.",
    },
)


@loads_node(Kind.HOME_ROW, row=RowRow)
async def visible_rows(context: Context, keys: Sequence[UUID]) -> list[RowRow | None]:
    """Load rows: for editors any, for others what their home may show now."""
    runtime = context.runtime
    rings = runtime.bus.rings(SHELF_TOPIC)
    return await domain.home_rows_by_id(context.reads, keys, viewer=context.viewer, shared=runtime.shared, rings=rings)


async def row_titles(
    context: Context,
    keys: Sequence[RowSource],
    *,
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
) -> list[Page[TitleRow]]:
    """Load one page of each row."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    return await domain.titles_of_rows(context.reads, keys, viewer=context.viewer, page=page)


def _page(
    page: Page[TitleRow],
    _context: Context,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Page[TitleRow]:
    return page


def _name(row: RowRow, context: Context) -> str:
    text = best_text(row.texts, wanted=context.caller.languages, default=row.default_language)
    assert text is not None, "a row is made with a text"
    return text.name


@declares(RowText)
@strawberry.type(description="What a row of the home screen is called in one language.")
class HomeRowText:
    """A row's title."""

    language: str = strawberry.field(description="The language, as a BCP 47 tag.")
    name: str = strawberry.field(name="title", description="What the row is called.")


@declares(RowTarget)
@strawberry.type(description="When a row is shown and to whom. What is null or empty holds for all.")
class HomeRowTarget:
    """A row's target."""

    starts_at: datetime | None = strawberry.field(description="From when.")
    ends_at: datetime | None = strawberry.field(description="Until before when.")
    territories: list[str] = derived(
        lambda target, _: target.territories or (),
        description="Only in these, as ISO 3166-1 alpha-2 codes; empty for everywhere.",
    )
    device_classes: list[str] = derived(
        lambda target, _: target.device_classes or (), description="Only on these; empty for all."
    )
    audience: RowAudience | None = strawberry.field(description="Only for them.")


@declares(RowRow)
@kept_by_row(lambda row: row.is_shared)
@strawberry.type(description="A row of the home screen.")
class HomeRow(Node):
    """A row of titles."""

    title: str = derived(_name, is_shared=True, description="What it is called, in the best language for the caller.")
    rule: RowRule = strawberry.field(name="kind", description="What fills it.")
    titles: TitleConnection | None = batched(  # type: ignore[valid-type]  # made by a function
        row_titles,
        key=lambda row: row.source,
        shape=_page,
        load_arguments=("first", "after", "last", "before"),
        is_shared=True,
        description="What the viewer may find of its titles, in the row's order; null when it cannot be had right now.",
    )
    position: int = strawberry.field(description="Where it stands: rows come by this number, the lowest first.")
    is_shown: bool = strawberry.field(description="Whether it is on the screen, for those it is for.")
    texts: list[HomeRowText] = derived(
        lambda row, context: row.texts if is_editor(context) else (),
        description="Its titles in every language there is. Empty unless you edit.",
    )
    target: HomeRowTarget | None = derived(
        lambda row, context: row.target if is_editor(context) else None,
        description="When it is shown and to whom. Null unless you edit.",
    )
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")


HomeRowConnection = kept_by_row(lambda page: isinstance(page, ShelfPage))(
    connection_of(HomeRow, plural="rows of the home screen")
)


@query_field(HomeRowConnection, description="The viewer's home screen, from the top.")
async def home(
    context: Context, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Page[RowRow]:
    """Show the home screen."""
    page = PageRequest.parse(first=first, after=after, last=last, before=before)
    runtime = context.runtime
    rings = runtime.bus.rings(SHELF_TOPIC)
    return await domain.home(context.reads, viewer=context.viewer, page=page, shared=runtime.shared, rings=rings)
