"""What editors do to titles. Every change is made against the version the editor saw.

Refusal
└── PartTaken   the number is another part's
"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TypedDict
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.audit import as_editor
from domain.catalog.changing import changed_title, next_version
from domain.catalog.facts import CATALOG_TOPIC, TitleChanged, TitlePublished, TitleWithdrawn
from domain.catalog.title import PARENTS, Title, TitleId, TitleKind, TitleState, TitleText, language_tag
from domain.kernel.refusals import InvalidInput, NotFound, Refusal
from domain.kernel.work import Work

NAME_MAX_CHARS = 200
SYNOPSIS_MAX_CHARS = 5_000
MATURITY_MAX_AGE = 21
# The first motion pictures are from 1878; a year far in the future is a slip of the keyboard.
RELEASE_YEARS = range(1878, 2201)
NUMBERS = range(10_000)


class PartTaken(Refusal):
    """Another part has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"There is a number {number} already. Choose another, or move that one first.")
        self.number = number


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
    parent_id: UUID | None = None,
    number: int | None = None,
    original_language: str | None = None,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Title:
    """Create a draft with its text in the default language. Editors only.

    Seasons and episodes need a parent, and a number in it. A live event needs a start. Announces TitleChanged.

    Raises:
        SignInRequired, Forbidden, InvalidInput, PartTaken.
        NotFound: no such parent.
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
        original_language=None if original_language is None else language_tag("originalLanguage", original_language),
        **_times(kind, starts_at, ends_at),
    )
    first_text = checked_text(title.id, title.default_language, name, synopsis)
    title = await _as_part(work, title, parent_id, number)
    if not await store.insert_title(work.connection, title):
        raise PartTaken(title.number or 0)
    await store.put_text(work.connection, first_text)
    await work.announce(CATALOG_TOPIC, TitleChanged(title.id))
    return title


async def place_title(
    work: Work, *, viewer: Viewer | None, title_id: UUID, parent_id: UUID, number: int, expected_version: int
) -> Title:
    """Move a season or an episode to another place. Announces TitleChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, StaleVersion, PartTaken.
        NotFound: no such title, or no such parent.
    """
    title = await changed_title(
        work, viewer=viewer, title_id=title_id, expected_version=expected_version, action="place_title"
    )
    placed = await _as_part(work, title, parent_id, number)
    if not await store.place_title(work.connection, placed):
        raise PartTaken(number)
    return placed


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
    title = await next_version(work, title_id=title_id, expected_version=expected_version)
    await store.put_text(work.connection, new_text)
    await work.announce(CATALOG_TOPIC, TitleChanged(title.id))
    return title


async def publish_title(work: Work, *, viewer: Viewer | None, title_id: UUID, expected_version: int) -> Title:
    """Let viewers see a title, where it has rights. Publishing a published one changes nothing but its version.

    Announces TitlePublished. Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="publish_title")
    title = await next_version(work, title_id=title_id, expected_version=expected_version, state=TitleState.PUBLISHED)
    await work.announce(CATALOG_TOPIC, TitlePublished(title.id))
    return title


async def withdraw_title(work: Work, *, viewer: Viewer | None, title_id: UUID, expected_version: int) -> Title:
    """Hide a title from viewers. What plays of it ends with its lease. Announces TitleWithdrawn.

    Raises:
        SignInRequired, Forbidden, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="withdraw_title")
    title = await next_version(work, title_id=title_id, expected_version=expected_version, state=TitleState.WITHDRAWN)
    await work.announce(CATALOG_TOPIC, TitleWithdrawn(title.id))
    return title


class _Times(TypedDict):
    starts_at: datetime | None
    ends_at: datetime | None


def _times(kind: TitleKind, starts_at: datetime | None, ends_at: datetime | None) -> _Times:
    is_live = kind is TitleKind.LIVE_EVENT
    if is_live is not (starts_at is not None) or (ends_at is not None and not is_live):
        raise InvalidInput("startsAt", "A live event has a start, and may have an end; nothing else has.")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise InvalidInput("endsAt", "It must end after its start.")
    return {
        "starts_at": None if starts_at is None else starts_at.astimezone(UTC),
        "ends_at": None if ends_at is None else ends_at.astimezone(UTC),
    }


async def _as_part(work: Work, title: Title, parent_id: UUID | None, number: int | None) -> Title:
    parents = PARENTS.get(title.kind, ())
    if (parent_id is None) is not (number is None) or (parent_id is None) is bool(parents):
        raise InvalidInput("parentId", "A season or an episode has a parent, and a number in it; nothing else has.")
    if parent_id is None or number is None:
        return title
    if number not in NUMBERS:
        raise InvalidInput("number", f"Use a number from {NUMBERS[0]} to {NUMBERS[-1]}.")
    (parent,) = await store.titles_by_id(work.connection, [parent_id])
    if parent is None:
        raise NotFound("title", parent_id)
    if parent.kind not in parents:
        wanted = " or ".join(kind.value.lower() for kind in parents)
        raise InvalidInput("parentId", f"This is part of a {wanted}, not of a {parent.kind.value.lower()}.")
    return replace(title, parent_id=parent.id, parent_kind=parent.kind, number=number)


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
