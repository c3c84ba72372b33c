"""What editors do to the rows of the home screen. Every change is made against the version the editor saw."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import CATALOG_TOPIC, language_tag, titles_by_id
from domain.insights import store
from domain.insights.home_row import HomeRow, HomeRowId, RowRule, RowSource, RowTarget, RowText
from domain.insights.policy import INSIGHTS, InsightsAct
from domain.kernel.facts import Fact
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Work

NAME_MAX_CHARS = 100
POSITION_MAX = 1_000_000
# What an editor still oversees. Longer lists are what rules are for.
ROW_TITLES_MAX = 200
TERRITORIES_MAX = 250
DEVICE_CLASSES = ("WEB", "MOBILE", "TV", "CONSOLE")


@dataclass(frozen=True)
class RowsChanged(Fact):
    """A row of the home screen was made, changed or removed by somebody."""

    row_id: UUID
    changed_by: UUID
    change: str


async def create_home_row(
    work: Work,
    *,
    viewer: Viewer | None,
    rule: RowRule,
    language: str,
    name: str,
    position: int,
    target: RowTarget,
    is_shown: bool = True,
) -> HomeRow:
    """Make a row. One that editors fill stays off the screen until it has titles. Announces RowsChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
    """
    viewer = INSIGHTS.require(viewer, InsightsAct.ARRANGE)
    text = _checked_text(language, name)
    id = HomeRowId(work.new_id())
    row = HomeRow(
        id=id,
        rule=rule,
        position=_checked_position(position),
        default_language=text.language,
        is_shown=is_shown,
        target=_checked_target(target),
        texts=(text,),
        version=1,
        created_at=work.now,
        source=RowSource(id, rule),
    )
    await store.insert_row(work.connection, row, created_by=viewer.account_id)
    await store.put_row_text(work.connection, id, text)
    await work.announce(CATALOG_TOPIC, RowsChanged(id, viewer.account_id, "created"))
    return row


async def describe_home_row(
    work: Work, *, viewer: Viewer | None, row_id: UUID, language: str, name: str, expected_version: int
) -> HomeRow:
    """Set what a row is called in one language. Announces RowsChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    viewer = INSIGHTS.require(viewer, InsightsAct.ARRANGE)
    text = _checked_text(language, name)
    await _change(work, viewer, row_id, expected_version, "described")
    await store.put_row_text(work.connection, row_id, text)
    return await _current(work, row_id)


async def arrange_home_row(
    work: Work,
    *,
    viewer: Viewer | None,
    row_id: UUID,
    position: int,
    is_shown: bool,
    target: RowTarget,
    expected_version: int,
) -> HomeRow:
    """Set where a row stands, when it is shown and to whom. Announces RowsChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    viewer = INSIGHTS.require(viewer, InsightsAct.ARRANGE)
    place, target = _checked_position(position), _checked_target(target)
    await _change(work, viewer, row_id, expected_version, "arranged")
    await store.arrange_row(work.connection, row_id, position=place, is_shown=is_shown, target=target)
    return await _current(work, row_id)


async def fill_home_row(
    work: Work, *, viewer: Viewer | None, row_id: UUID, title_ids: Sequence[UUID], expected_version: int
) -> HomeRow:
    """Put these titles into a row, in this order, instead of those in it. Announces RowsChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
        InvalidInput: too many titles, one twice or one that is not there, or a row that a rule fills.
    """
    viewer = INSIGHTS.require(viewer, InsightsAct.ARRANGE)
    if len(title_ids) > ROW_TITLES_MAX:
        raise InvalidInput("titleIds", f"A row holds at most {ROW_TITLES_MAX} titles.")
    if len(set(title_ids)) < len(title_ids):
        raise InvalidInput("titleIds", "A title stands only once in a row.")
    if None in await titles_by_id(work.reads(), title_ids):
        raise InvalidInput("titleIds", "One of these titles does not exist.")
    await _change(work, viewer, row_id, expected_version, "filled")
    row = await _current(work, row_id)
    if row.rule is not RowRule.EDITORIAL:
        raise InvalidInput("rowId", "A rule fills this row.")
    await store.replace_row_titles(work.connection, row_id, title_ids)
    return row


async def remove_home_row(work: Work, *, viewer: Viewer | None, row_id: UUID, expected_version: int) -> HomeRowId:
    """Remove a row for good. Announces RowsChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    viewer = INSIGHTS.require(viewer, InsightsAct.ARRANGE)
    await _change(work, viewer, row_id, expected_version, "removed")
    await store.delete_row(work.connection, row_id)
    return HomeRowId(row_id)


async def _change(work: Work, viewer: Viewer, row_id: UUID, expected_version: int, change: str) -> None:
    if not await store.raise_row_version(work.connection, row_id, expected_version=expected_version):
        (row,) = await store.rows_by_id(work.connection, [row_id])
        if row is None:
            raise NotFound("home row", row_id)
        raise StaleVersion(expected_version, row.version)
    await work.announce(CATALOG_TOPIC, RowsChanged(row_id, viewer.account_id, change))


async def _current(work: Work, row_id: UUID) -> HomeRow:
    (row,) = await store.rows_by_id(work.connection, [row_id])
    assert row is not None, "its version was just raised"
    return row


def _checked_text(language: str, name: str) -> RowText:
    name = name.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARS or "\x00" in name:
        raise InvalidInput("title", f"Use 1 to {NAME_MAX_CHARS} characters.")
    return RowText(language_tag("language", language), name)


def _checked_position(position: int) -> int:
    if not 0 <= position <= POSITION_MAX:
        raise InvalidInput("position", f"Use a number from 0 to {POSITION_MAX}.")
    return position


def _checked_target(target: RowTarget) -> RowTarget:
    """Check a target and bring its lists into one order."""
    if target.starts_at is not None and target.ends_at is not None and target.ends_at <= target.starts_at:
        raise InvalidInput("endsAt", "The row must end after it starts.")
    territories, devices = target.territories, target.device_classes
    if territories is not None:
        if not 1 <= len(territories) <= TERRITORIES_MAX or not all(_is_country(one) for one in territories):
            raise InvalidInput("territories", "Use ISO 3166-1 alpha-2 codes such as DE, or leave them out for all.")
        territories = sorted(set(territories))
    if devices is not None:
        if not devices or not set(devices) <= set(DEVICE_CLASSES):
            raise InvalidInput("deviceClasses", f"Use some of {', '.join(DEVICE_CLASSES)}, or leave them out for all.")
        devices = sorted(set(devices))
    return replace(target, territories=territories, device_classes=devices)


def _is_country(code: str) -> bool:
    return len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()
