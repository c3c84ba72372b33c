"""Where, when, on what and for whom titles may be shown.

Refusal
└── RightOverlaps   the same right holds for part of that time already
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from domain.accounts import DeviceClass, Viewer
from domain.catalog import store
from domain.catalog.audit import as_editor
from domain.catalog.facts import CATALOG_TOPIC, TitleChanged
from domain.catalog.title import WORLDWIDE, Right, RightId, Title, TitleId
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Work


class RightOverlaps(Refusal):
    """The territory, devices and plans are covered for part of that time already."""

    def __init__(self, territory: str) -> None:
        super().__init__(f"There is a right for {territory} within that time already. Revoke it first.")
        self.territory = territory


async def grant_right(
    work: Work,
    *,
    viewer: Viewer | None,
    title_id: UUID,
    territory: str,
    opens_at: datetime,
    closes_at: datetime | None = None,
    device_classes: Sequence[DeviceClass] | None = None,
    plans: Sequence[str] | None = None,
) -> Right:
    """Allow a title to be shown in a territory (ISO 3166-1 alpha-2, or `*`) during a window. Editors only.

    It holds for these classes of devices, and for holders of these plans; None is all of them. Announces TitleChanged.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, RightOverlaps.
    """
    await as_editor(work, viewer=viewer, action="grant_right")
    is_country = len(territory) == 2 and territory.isascii() and territory.isalpha() and territory.isupper()
    if territory != WORLDWIDE and not is_country:
        raise InvalidInput("territory", f"Use an ISO 3166-1 alpha-2 code such as DE, or {WORLDWIDE} for everywhere.")
    opens_at, closes_at = opens_at.astimezone(UTC), closes_at.astimezone(UTC) if closes_at else None
    if closes_at is not None and closes_at <= opens_at:
        raise InvalidInput("closesAt", "The window must close after it opens.")
    if device_classes == [] or plans == []:
        raise InvalidInput("deviceClasses" if device_classes == [] else "plans", "Name some, or leave it out for all.")
    # The title's row is the lock under which its windows are compared.
    if await store.lock_title(work.connection, title_id) is None:
        raise NotFound("title", title_id)
    right = Right(
        RightId(work.new_id()),
        TitleId(title_id),
        territory,
        opens_at,
        closes_at,
        None if device_classes is None else tuple(sorted(set(device_classes))),
        None if plans is None else tuple(sorted(set(plans))),
    )
    if not await store.insert_right(work.connection, right):
        raise RightOverlaps(territory)
    await work.announce(CATALOG_TOPIC, TitleChanged(right.title_id))
    return right


async def revoke_right(work: Work, *, viewer: Viewer | None, right_id: UUID) -> Title:
    """Take a right back. What plays under it ends with its lease. Editors only. Returns the title it was of.

    Announces TitleChanged.

    Raises:
        SignInRequired, Forbidden, NotFound.
    """
    await as_editor(work, viewer=viewer, action="revoke_right")
    title_id = await store.delete_right(work.connection, right_id)
    title = None if title_id is None else await store.lock_title(work.connection, title_id)
    if title is None:
        raise NotFound("right", right_id)
    await work.announce(CATALOG_TOPIC, TitleChanged(title.id))
    return title
