"""People, and what they did for titles."""

from collections.abc import Sequence
from uuid import UUID

from domain.accounts import Viewer
from domain.catalog import store
from domain.catalog.audit import as_editor
from domain.catalog.changing import changed_title
from domain.catalog.details import Credit
from domain.catalog.facts import CATALOG_TOPIC, PersonChanged
from domain.catalog.named import Person, checked_name
from domain.catalog.title import Title, language_tag
from domain.kernel.refusals import InvalidInput, NotFound, StaleVersion
from domain.kernel.work import Reads, Work

CREDITS_MAX = 200
CHARACTER_MAX_CHARS = 200


async def create_person(work: Work, *, viewer: Viewer | None, language: str, name: str, biography: str = "") -> Person:
    """Add a person with a first text, whose language becomes their own. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput.
    """
    viewer = await as_editor(work, viewer=viewer, action="create_person")
    first = checked_name(language_tag("language", language), name, biography)
    person = Person(work.new_id(), None, first.language, 1, [first])
    await store.people_store.insert(work.connection, person, created_by=viewer.account_id, at=work.now)
    return person


async def describe_person(
    work: Work,
    *,
    viewer: Viewer | None,
    person_id: UUID,
    language: str,
    name: str,
    biography: str,
    expected_version: int,
) -> Person:
    """Set a person's name and biography in one language. Announces PersonChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    await as_editor(work, viewer=viewer, action="describe_person")
    text = checked_name(language_tag("language", language), name, biography)
    found = await store.people_store.next_version(work.connection, person_id, expected_version=expected_version)
    if found is not None:
        raise NotFound("person", person_id) if found == 0 else StaleVersion(expected_version, found)
    await store.people_store.put_name(work.connection, person_id, text)
    await work.announce(CATALOG_TOPIC, PersonChanged(person_id))
    (person,) = await store.people_store.by_id(work.connection, [person_id])
    assert person is not None, "it was locked"
    return person


async def set_credits(
    work: Work, *, viewer: Viewer | None, title_id: UUID, credits: Sequence[Credit], expected_version: int
) -> Title:
    """Replace who did what for a title, in the order shown. Announces TitleChanged. Editors only.

    Raises:
        SignInRequired, Forbidden, InvalidInput, NotFound, StaleVersion.
    """
    if len(credits) > CREDITS_MAX:
        raise InvalidInput("credits", f"Name at most {CREDITS_MAX}.")
    checked = [credit._replace(character=_character(credit.character)) for credit in credits]
    title = await changed_title(
        work, viewer=viewer, title_id=title_id, expected_version=expected_version, action="set_credits"
    )
    known = await store.people_store.by_id(work.connection, [credit.person_id for credit in checked])
    for credit, person in zip(checked, known, strict=True):
        if person is None:
            raise NotFound("person", credit.person_id)
    await store.replace_credits(work.connection, title_id, checked)
    return title


async def people_by_id(reads: Reads, keys: Sequence[UUID]) -> list[Person | None]:
    """Batch load people; everybody may see them."""
    async with reads.connection() as connection:
        return await store.people_store.by_id(connection, keys)


async def titles_of_people(reads: Reads, person_ids: Sequence[UUID]) -> list[UUID]:
    """Return every title that some of these people worked on."""
    async with reads.connection() as connection:
        return await store.titles_of_people(connection, person_ids)


async def credits_of(reads: Reads, title_ids: Sequence[UUID]) -> list[list[Credit]]:
    """Batch load the credits of titles, in their order."""
    async with reads.connection() as connection:
        return await store.credits_of(connection, title_ids)


def _character(written: str | None) -> str | None:
    character = (written or "").strip()
    if len(character) > CHARACTER_MAX_CHARS or "\x00" in character:
        raise InvalidInput("character", f"Use at most {CHARACTER_MAX_CHARS} characters.")
    return character or None
