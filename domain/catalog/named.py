"""Things of the catalog with a name in several languages: people, genres and tags, collections."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from domain.catalog.details import TagKind
from domain.kernel.refusals import InvalidInput, Refusal

NAME_MAX_CHARS = 200
ABOUT_MAX_CHARS = 5_000
SLUG_MAX_CHARS = 60
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class SlugTaken(Refusal):
    """Another thing of the kind has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is one with the slug {slug} already. Choose another.")
        self.slug = slug


class Name(NamedTuple):
    """What a thing is called in one language (BCP 47), and what there is to say about it; may be empty."""

    language: str
    name: str
    about: str


@dataclass(frozen=True)
class Named:
    """A thing with names. `version` grows with every change; `slug` is what addresses use, None for people."""

    id: UUID
    slug: str | None
    default_language: str
    version: int
    names: Sequence[Name]


@dataclass(frozen=True)
class Person(Named):
    """Somebody who works on titles."""


@dataclass(frozen=True)
class Collection(Named):
    """Titles that editors put together."""


@dataclass(frozen=True)
class Tag(Named):
    """A genre, or another tag."""

    kind: TagKind


def checked_name(language: str, name: str, about: str = "", *, name_max: int = NAME_MAX_CHARS) -> Name:
    """Return a name that can be kept; `language` is canonical already.

    Raises:
        InvalidInput.
    """
    name, about = name.strip(), about.strip()
    if not 1 <= len(name) <= name_max or "\x00" in name:
        raise InvalidInput("name", f"Use 1 to {name_max} characters.")
    if len(about) > ABOUT_MAX_CHARS or "\x00" in about:
        raise InvalidInput("description", f"Use at most {ABOUT_MAX_CHARS} characters.")
    return Name(language, name, about)


def checked_slug(slug: str) -> str:
    """Return a slug.

    Raises:
        InvalidInput: not lower-case letters, digits and single hyphens.
    """
    if len(slug) > SLUG_MAX_CHARS or _SLUG.fullmatch(slug) is None:
        raise InvalidInput("slug", f"Use up to {SLUG_MAX_CHARS} lower-case letters, digits and single hyphens.")
    return slug
