"""What editors do to titles. Every change is made against the version the editor saw.

Refusal
└── RightOverlaps   the territory is covered for part of that time already
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.audit import as_editor
from domain.catalog.title import (
    WORLDWIDE,
    Right,
    RightId,
    Title,
    TitleId,
    TitleKind,
    TitleState,
    TitleText,
    language_tag,
)
from domain.kernel.facts import Fact
from domain.kernel.refusals import InvalidInput, NotFound, Refusal, StaleVersion
from domain.kernel.work import Work

CATALOG_TOPIC = "catalog"
NAME_MAX_CHARS = 200
SYNOPSIS_MAX_CHARS = 5_000
MATURITY_MAX_AGE = 21
# The first motion pictures are from 1878; a year far in the future is a slip of the keyboard.
RELEASE_YEARS = range(1878, 2201)


@dataclass(frozen=True)
class TitleChanged(Fact):
    """Something that a title shows is another now."""

    title_id: UUID


@dataclass(frozen=True)
class TitlePublished(Fact):
    """A title can be seen by viewers now."""

    title_id: UUID


@dataclass(frozen=True)
class TitleWithdrawn(Fact):
    """A title can no longer be seen by viewers."""

    title_id: UUID


class RightOverlaps(Refusal):
    """The territory is covered for part of that time already."""

    def __init__(self, territory: str) -> None:
        super().__init__(f"There is a right for {territory} within that time already. Revoke it first.")
        self.territory = territory


async def create_title(
    work: Work,
    *,
    viewer: Viewer | None,
    kind: TitleKind,
    language: str,
    name: str,
    synopsis: str = "",
    release_year: int | None = None,
    maturity_age: int = 0,
) -> Title:
    """Create a draft with its text in the default language. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
    """
    viewer = await as_editor(work, viewer=viewer, action="create_title")
    if release_year is not None and release_year not in RELEASE_YEARS:
        raise InvalidInput("releaseYear", f"Use a year from {RELEASE_YEARS[0]} to {RELEASE_YEARS[-1]}.")
    if not 0 <= maturity_age <= MATURITY_MAX_AGE:
        raise InvalidInput("maturityAge", f"Use an age from 0 to {MATURITY_MAX_AGE}.")
    title = Title(
        id=TitleId(work.new_id()),
        kind=kind,
        state=TitleState.DRAFT,
        default_language=language_tag("language", language),
        release_year=release_year,
        maturity_age=maturity_age,
        version=1,
        created_by=viewer.account_id,
        created_at=work.now,
        published_at=None,
    )
    first_text = checked_text(title.id, title.default_language, name, synopsis)
    await store.insert_title(work.connection, title)
    await store.put_text(work.connection, first_text)
    return title


async def describe_title(
    work: Work,
    *,
    viewer: Viewer | None,
    title_id: UUID,
    language: str,
    name: str,
    synopsis: str,
    expected_version: int,
) -> Title:
    """Set a title's name and synopsis in one language. Announces TitleChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="describe_title")
    new_text = checked_text(TitleId(title_id), language_tag("language", language), name, synopsis)
    title = await _change(work, title_id, expected_version)
    await store.put_text(work.connection, new_text)
    await work.announce(CATALOG_TOPIC, TitleChanged(title.id))
    return title


async def grant_right(
    work: Work,
    *,
    viewer: Viewer | None,
    title_id: UUID,
    territory: str,
    opens_at: datetime,
    closes_at: datetime | None = None,
) -> Right:
    """Allow a title to be shown in a territory (ISO 3166-1 alpha-2, or `*`) during a window. Editors only.

    Announces TitleChanged.

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
    # The title's row is the lock under which its windows are compared.
    if await store.lock_title(work.connection, title_id) is None:
        raise NotFound("title", title_id)
    right = Right(RightId(work.new_id()), TitleId(title_id), territory, opens_at, closes_at)
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


async def publish_title(work: Work, *, viewer: Viewer | None, title_id: UUID, expected_version: int) -> Title:
    """Let viewers see a title, where it has rights. Publishing a published one changes nothing but its version.

    Announces TitlePublished. Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="publish_title")
    title = await _change(work, title_id, expected_version, state=TitleState.PUBLISHED)
    await work.announce(CATALOG_TOPIC, TitlePublished(title.id))
    return title


async def withdraw_title(work: Work, *, viewer: Viewer | None, title_id: UUID, expected_version: int) -> Title:
    """Hide a title from viewers. What plays of it ends with its lease. Announces TitleWithdrawn.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="withdraw_title")
    title = await _change(work, title_id, expected_version, state=TitleState.WITHDRAWN)
    await work.announce(CATALOG_TOPIC, TitleWithdrawn(title.id))
    return title


async def _change(work: Work, title_id: UUID, expected_version: int, *, state: TitleState | None = None) -> Title:
    changed = await store.change_title(
        work.connection, title_id, expected_version=expected_version, state=state, at=work.now
    )
    if changed is not None:
        return changed
    title = await store.lock_title(work.connection, title_id)
    if title is None:
        raise NotFound("title", title_id)
    raise StaleVersion(expected_version, title.version)


def checked_text(title_id: TitleId, language: str, name: str, synopsis: str) -> TitleText:
    """Return a text without blanks around it.

    Raises:
        InvalidInput: it is too long, or there is no name.
    """
    name, synopsis = name.strip(), synopsis.strip()
    if not 1 <= len(name) <= NAME_MAX_CHARS or "\x00" in name:
        raise InvalidInput("name", f"Use 1 to {NAME_MAX_CHARS} characters.")
    if len(synopsis) > SYNOPSIS_MAX_CHARS or "\x00" in synopsis:
        raise InvalidInput("synopsis", f"Use at most {SYNOPSIS_MAX_CHARS} characters.")
    return TitleText(title_id, language, name, synopsis)
