"""The tables of people, tags and collections: a thing and its names by language, and all SQL about them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    any_,
    bindparam,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog.details import TagKind
from domain.catalog.named import Collection, Name, Named, Person, Tag
from domain.kernel.hot import HotQuery
from domain.kernel.tables import metadata

T = TypeVar("T", bound=Named)

_LANGUAGE = "language ~ '^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$'"
_SLUG = "slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND length(slug) <= 60"


def _own() -> list[Any]:
    return [
        Column("default_language", Text, nullable=False),
        Column("version", Integer, nullable=False),
        Column("created_by", Uuid, ForeignKey("accounts.id"), nullable=False, index=True),
        Column("created_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("version >= 1", name="version"),
    ]


def _names(table: str, owner: str, owners: str, *, name_max: int, about: str | None) -> Table:
    return Table(
        table,
        metadata,
        Column(owner, Uuid, ForeignKey(f"{owners}.id", ondelete="CASCADE"), primary_key=True),
        Column("language", Text, primary_key=True),
        Column("name", Text, nullable=False),
        *([] if about is None else [Column(about, Text, nullable=False)]),
        CheckConstraint(_LANGUAGE, name="language"),
        CheckConstraint(f"length(name) BETWEEN 1 AND {name_max}", name="name"),
        *([] if about is None else [CheckConstraint(f"length({about}) <= 5000", name=about)]),
    )


people = Table("people", metadata, Column("id", Uuid, primary_key=True), *_own())
person_texts = _names("person_texts", "person_id", "people", name_max=200, about="biography")
tags = Table(
    "tags",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("slug", Text, nullable=False),
    *_own(),
    UniqueConstraint("slug"),
    CheckConstraint("kind IN ('GENRE', 'TAG')", name="kind"),
    CheckConstraint(_SLUG, name="slug"),
)
tag_texts = _names("tag_texts", "tag_id", "tags", name_max=100, about=None)
collections = Table(
    "collections",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("slug", Text, nullable=False),
    *_own(),
    UniqueConstraint("slug"),
    CheckConstraint(_SLUG, name="slug"),
)
collection_texts = _names("collection_texts", "collection_id", "collections", name_max=200, about="description")


@dataclass(frozen=True, eq=False)
class NamedStore(Generic[T]):
    """The SQL that people, tags and collections share. `about` is the column beside the name, if there is one.

    `make` makes a row: (id, slug, default language, version, names), and the kind of a tag.
    """

    make: Callable[..., T]
    table: Table
    texts: Table
    owner: str
    about: str | None

    async def insert(
        self, connection: AsyncConnection, named: Named, *, created_by: UUID, at: datetime, **more: object
    ) -> bool:
        """Insert a thing with its names. Returns False when its slug is taken."""
        values = {
            "id": named.id,
            "default_language": named.default_language,
            "version": named.version,
            "created_by": created_by,
            "created_at": at,
            **({} if named.slug is None else {"slug": named.slug}),
            **more,
        }
        made = upsert(self.table).values(values).on_conflict_do_nothing().returning(self.table.c.id)
        if (await connection.execute(made)).one_or_none() is None:
            return False
        for name in named.names:
            await self.put_name(connection, named.id, name)
        return True

    async def put_name(self, connection: AsyncConnection, id: UUID, name: Name) -> None:
        """Insert or replace a name."""
        said = {"name": name.name} | ({} if self.about is None else {self.about: name.about})
        statement = upsert(self.texts).values({self.owner: id, "language": name.language, **said})
        await connection.execute(statement.on_conflict_do_update(index_elements=[self.owner, "language"], set_=said))

    async def next_version(self, connection: AsyncConnection, id: UUID, *, expected_version: int) -> int | None:
        """Move a thing to its next version. Returns None when that happened, else its version; 0 when it is absent."""
        at = self.table.c
        moved = (
            update(self.table)
            .where(at.id == id, at.version == expected_version)
            .values(version=at.version + 1)
            .returning(at.id)
        )
        if (await connection.execute(moved)).one_or_none() is not None:
            return None
        found: int | None = await connection.scalar(select(at.version).where(at.id == id).with_for_update())
        return found or 0

    async def by_id(self, connection: AsyncConnection, keys: Sequence[UUID]) -> list[T | None]:
        """Return things aligned with `keys`."""
        rows = await self._by_id.rows(connection, keys=keys)
        found: dict[UUID, T] = {}
        names: dict[UUID, list[Name]] = {}
        for id, slug, kind, default_language, version, language, name, about in rows:
            if id not in found:
                names[id] = []
                more = () if kind is None else (TagKind(kind),)
                found[id] = self.make(id, slug, default_language, version, names[id], *more)
            names[id].append(Name(language, name, about))
        return [found.get(key) for key in keys]

    async def id_of_slug(self, connection: AsyncConnection, slug: str) -> UUID | None:
        """Return the thing with a slug."""
        found: UUID | None = await connection.scalar(select(self.table.c.id).where(self.table.c.slug == slug))
        return found

    @cached_property
    def _by_id(self) -> HotQuery:
        at, said = self.table.c, self.texts.c
        slug = at.slug if "slug" in at else bindparam("no_slug", None, type_=Text)
        kind = at.kind if "kind" in at else bindparam("no_kind", None, type_=Text)
        about = said[self.about] if self.about is not None else bindparam("nothing", "", type_=Text)
        return HotQuery(
            select(at.id, slug, kind, at.default_language, at.version, said.language, said.name, about)
            .join(self.texts, said[self.owner] == at.id)
            .where(at.id == any_(bindparam("keys", type_=ARRAY(Uuid))))
            .order_by(said.language)
        )


people_store = NamedStore(Person, people, person_texts, "person_id", "biography")
tag_store = NamedStore(Tag, tags, tag_texts, "tag_id", None)
collection_store = NamedStore(Collection, collections, collection_texts, "collection_id", "description")
