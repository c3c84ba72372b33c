"""Rows of the home screen for tests, arranged through the verbs that editors use."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.insights import HomeRow, RowRule, RowTarget, create_home_row, fill_home_row
from domain.kernel.work import Work


async def create_row(
    work: Work,
    *,
    editor: Viewer,
    title_ids: Sequence[UUID] = (),
    rule: RowRule = RowRule.EDITORIAL,
    name: str = "Picks",
    position: int = 0,
    target: RowTarget | None = None,
) -> HomeRow:
    """Make a row and put these titles into it."""
    row = await create_home_row(
        work, viewer=editor, rule=rule, language="en", name=name, position=position, target=target or RowTarget()
    )
    if not title_ids:
        return row
    return await fill_home_row(work, viewer=editor, row_id=row.id, title_ids=title_ids, expected_version=row.version)
