"""People, genres and tags, collections: things with names in several languages, and titles that belong to them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID

from domain.catalog import Collection as CollectionRow
from domain.catalog import Name, Named, TitlesOf, best_text, collections, credits, tags
from domain.catalog import Person as PersonRow
from domain.catalog import Tag as TagRow
from domain.catalog.details import Credit as CreditRow
from domain.catalog.details import CreditRole, Tagged, TagKind
from graph.batching import batched, derived
from graph.catalog.belonging import titles_field
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, load_node, loads_node
from graph.loads import is_editor
from graph.nodes import Node
from graph.root_fields import query_field
from graph.rows import declares

if TYPE_CHECKING:
    from graph.catalog.titles import TitleConnection

Titles = Annotated["TitleConnection", strawberry.lazy("graph.catalog.titles")]  # type: ignore[valid-type]  # made by a function

described(
    CreditRole,
    description="What somebody did for a title.",
    values={
        CreditRole.ACTOR: "Plays or speaks a part.",
        CreditRole.DIRECTOR: "Directed it.",
        CreditRole.WRITER: "Wrote it.",
        CreditRole.PRODUCER: "Produced it.",
        CreditRole.COMPOSER: "Wrote its music.",
        CreditRole.CREATOR: "Thought the series up.",
        CreditRole.HOST: "Leads through it.",
        CreditRole.GUEST: "Is a guest in it.",
    },
)
described(
    TagKind,
    description="What sort of tag it is.",
    values={TagKind.GENRE: "A genre.", TagKind.TAG: "Anything else: a mood, a theme, an award."},
)


def name_in(row: Named, context: Context) -> Name:
    """Return a thing's best name for the caller."""
    name = best_text(row.names, wanted=context.caller.languages, default=row.default_language)
    assert name is not None, "it is made with a name"
    return name


def _all_names(row: Named, context: Context) -> Sequence[Name]:
    return row.names if is_editor(context) else ()


@loads_node(Kind.PERSON, row=PersonRow)
async def visible_people(context: Context, keys: Sequence[UUID]) -> list[PersonRow | None]:
    """Load people."""
    return await credits.people_by_id(context.reads, keys)


@loads_node(Kind.TAG, row=TagRow)
async def visible_tags(context: Context, keys: Sequence[UUID]) -> list[TagRow | None]:
    """Load genres and tags."""
    return await tags.tags_by_id(context.reads, keys)


@loads_node(Kind.COLLECTION, row=CollectionRow)
async def visible_collections(context: Context, keys: Sequence[UUID]) -> list[CollectionRow | None]:
    """Load collections."""
    return await collections.collections_by_id(context.reads, keys)


@declares(Name)
@strawberry.type(description="What something is called in one language, and what there is to say about it.")
class LocalizedName:
    """A name."""

    language: str = strawberry.field(description="The language, as a BCP 47 tag.")
    name: str = strawberry.field(description="What it is called.")
    description: str = derived(lambda name, _: name.about, description="What there is to say; may be empty.")


@declares(PersonRow)
@strawberry.type(description="Somebody who works on titles.")
class Person(Node):
    """A person."""

    name: str = derived(
        lambda row, context: name_in(row, context).name, description="Their name, in the best language for the caller."
    )
    biography: str = derived(
        lambda row, context: name_in(row, context).about, description="Who they are, in that language; may be empty."
    )
    names: list[LocalizedName] = derived(
        _all_names, description="Their names and biographies in every language. Empty unless you edit."
    )
    titles: Titles | None = titles_field(
        TitlesOf.PERSON, description="What they worked on and the viewer may find, the newest first."
    )
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")


@declares(TagRow)
@strawberry.type(description="A genre, or another tag of titles.")
class Tag(Node):
    """A genre or tag."""

    kind: TagKind = strawberry.field(description="What sort of tag it is.")
    slug: str = strawberry.field(description="What addresses call it: lower-case letters, digits and hyphens.")
    name: str = derived(
        lambda row, context: name_in(row, context).name,
        description="What it is called, in the best language for the caller.",
    )
    names: list[LocalizedName] = derived(
        _all_names, description="What it is called in every language. Empty unless you edit."
    )
    titles: Titles | None = titles_field(
        TitlesOf.TAG, description="Titles that have it and the viewer may find, the newest first."
    )
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")


@declares(CollectionRow)
@strawberry.type(description="Titles that editors put together under a name.")
class Collection(Node):
    """A collection."""

    slug: str = strawberry.field(description="What addresses call it: lower-case letters, digits and hyphens.")
    name: str = derived(
        lambda row, context: name_in(row, context).name,
        description="What it is called, in the best language for the caller.",
    )
    description: str = derived(
        lambda row, context: name_in(row, context).about, description="What it is about; may be empty."
    )
    names: list[LocalizedName] = derived(
        _all_names, description="What it is called in every language. Empty unless you edit."
    )
    titles: Titles | None = titles_field(
        TitlesOf.COLLECTION, description="Its titles that the viewer may find, in its order."
    )
    version: int = strawberry.field(description="Grows with every change. Name it in a change to lose nobody else's.")


@declares(CreditRow)
@strawberry.type(description="What a person did for a title.")
class Credit:
    """A credit."""

    person: Person = batched(visible_people, key=lambda credit: credit.person_id, description="Who did it.")
    role: CreditRole = strawberry.field(description="What they did.")
    character: str | None = strawberry.field(description="Whom they play.")


async def titles_credits(context: Context, keys: Sequence[UUID]) -> list[list[CreditRow]]:
    """Load the credits of titles."""
    return await credits.credits_of(context.reads, keys)


async def titles_tags(context: Context, keys: Sequence[UUID]) -> list[list[TagRow]]:
    """Load the genres and tags of titles."""
    return await _tags_of(context, keys, TagKind.TAG)


async def titles_genres(context: Context, keys: Sequence[UUID]) -> list[list[TagRow]]:
    """Load the genres of titles."""
    return await _tags_of(context, keys, TagKind.GENRE)


async def _tags_of(context: Context, keys: Sequence[UUID], kind: TagKind) -> list[list[TagRow]]:
    found: list[list[Tagged]] = await tags.tags_of(context.reads, keys)
    wanted = list({one.tag_id: None for of_title in found for one in of_title if one.kind is kind})
    rows = {row.id: row for row in await tags.tags_by_id(context.reads, wanted) if row is not None}
    return [[rows[one.tag_id] for one in of_title if one.tag_id in rows] for of_title in found]


async def titles_collections(context: Context, keys: Sequence[UUID]) -> list[list[CollectionRow]]:
    """Load the collections that titles are in."""
    found = await collections.collections_of(context.reads, keys)
    wanted = list({id: None for of_title in found for id in of_title})
    rows = {row.id: row for row in await collections.collections_by_id(context.reads, wanted) if row is not None}
    return [[rows[id] for id in of_title if id in rows] for of_title in found]


@query_field(Person | None, description="The person with this id, or null when there is none.")
async def person(context: Context, id: Annotated[ID, strawberry.argument(description="The person's id.")]) -> Any:
    """Find a person."""
    return await load_node(context, id, only=Kind.PERSON)


@query_field(Tag | None, description="The genre or tag with this slug, or null when there is none.")
async def tag(context: Context, slug: Annotated[str, strawberry.argument(description="Its slug.")]) -> Any:
    """Find a genre or tag."""
    id = await tags.tag_by_slug(context.reads, slug)
    return None if id is None else (await tags.tags_by_id(context.reads, [id]))[0]


@query_field(Collection | None, description="The collection with this slug, or null when there is none.")
async def collection(context: Context, slug: Annotated[str, strawberry.argument(description="Its slug.")]) -> Any:
    """Find a collection."""
    id = await collections.collection_by_slug(context.reads, slug)
    return None if id is None else (await collections.collections_by_id(context.reads, [id]))[0]


QUERIES = [person, tag, collection]
