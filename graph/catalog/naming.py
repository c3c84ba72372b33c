"""People, genres and tags, and collections, as editors name and fill them."""

from typing import Annotated

import strawberry
from strawberry import ID

from domain.catalog import SlugTaken as SlugTakenRow
from domain.catalog import collections, credits, tags
from domain.catalog.details import TagKind
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, Refusal, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.catalog.named import Collection, Person, Tag
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field

_MAKE: tuple[type[Refusal], ...] = (InvalidInput, SignInRequired, Forbidden)
_CHANGE: tuple[type[Refusal], ...] = (*_MAKE, NotFound, StaleVersion)


@problem(SlugTakenRow, description="Another one has this slug. Choose another.")
class SlugTaken(Problem):
    """There is one with that slug."""

    slug: str = strawberry.field(description="The slug.")


@strawberry.input(description="A person to add.")
class CreatePersonInput:
    """A new person."""

    language: str = strawberry.field(description="The language of the text, as a BCP 47 tag.")
    name: str = strawberry.field(description="Their name; 1 to 200 characters.")
    biography: str = strawberry.field(default="", description="Who they are; up to 5,000 characters.")


@strawberry.type(description="The person is added.")
class PersonCreated:
    """What createPerson gives."""

    person: Person = strawberry.field(description="The new person.")


@strawberry.input(description="A person's text in one language.")
class DescribePersonInput:
    """A person's text."""

    person_id: ID = strawberry.field(description="Which person.")
    language: str = strawberry.field(description="The language of the text, as a BCP 47 tag.")
    name: str = strawberry.field(description="Their name; 1 to 200 characters.")
    biography: str = strawberry.field(default="", description="Who they are; up to 5,000 characters.")
    expected_version: int = strawberry.field(description="The person's `version` as you know it.")


@strawberry.type(description="The text is set.")
class PersonDescribed:
    """What describePerson gives."""

    person: Person = strawberry.field(description="The person as it is now.")


@strawberry.input(description="A genre or tag to add.")
class CreateTagInput:
    """A new tag."""

    kind: TagKind = strawberry.field(description="What sort of tag it is.")
    slug: str = strawberry.field(description="What addresses call it: lower-case letters, digits and hyphens.")
    language: str = strawberry.field(description="The language of the text, as a BCP 47 tag.")
    name: str = strawberry.field(description="What it is called; 1 to 100 characters.")


@strawberry.type(description="The genre or tag is added.")
class TagCreated:
    """What createTag gives."""

    tag: Tag = strawberry.field(description="The new tag.")


@strawberry.input(description="What a genre or tag is called in one language.")
class DescribeTagInput:
    """A tag's name."""

    tag_id: ID = strawberry.field(description="Which one.")
    language: str = strawberry.field(description="The language of the text, as a BCP 47 tag.")
    name: str = strawberry.field(description="What it is called; 1 to 100 characters.")
    expected_version: int = strawberry.field(description="The tag's `version` as you know it.")


@strawberry.type(description="The name is set.")
class TagDescribed:
    """What describeTag gives."""

    tag: Tag = strawberry.field(description="The tag as it is now.")


@strawberry.input(description="A collection to add.")
class CreateCollectionInput:
    """A new collection."""

    slug: str = strawberry.field(description="What addresses call it: lower-case letters, digits and hyphens.")
    language: str = strawberry.field(description="The language of the text, as a BCP 47 tag.")
    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")
    description: str = strawberry.field(default="", description="What it is about; up to 5,000 characters.")


@strawberry.type(description="The collection is added; it is empty.")
class CollectionCreated:
    """What createCollection gives."""

    collection: Collection = strawberry.field(description="The new collection.")


@strawberry.input(description="A collection's text in one language.")
class DescribeCollectionInput:
    """A collection's text."""

    collection_id: ID = strawberry.field(description="Which collection.")
    language: str = strawberry.field(description="The language of the text, as a BCP 47 tag.")
    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")
    description: str = strawberry.field(default="", description="What it is about; up to 5,000 characters.")
    expected_version: int = strawberry.field(description="The collection's `version` as you know it.")


@strawberry.type(description="The text is set.")
class CollectionDescribed:
    """What describeCollection gives."""

    collection: Collection = strawberry.field(description="The collection as it is now.")


@strawberry.input(description="What is in a collection.")
class FillCollectionInput:
    """A collection's titles."""

    collection_id: ID = strawberry.field(description="Which collection.")
    title_ids: list[ID] = strawberry.field(description="Its titles, in their order; up to 1,000, each once.")
    expected_version: int = strawberry.field(description="The collection's `version` as you know it.")


@strawberry.type(description="The collection holds these titles and no others.")
class CollectionFilled:
    """What fillCollection gives."""

    collection: Collection = strawberry.field(description="The collection as it is now.")


@mutation_field(
    PersonCreated,
    refusals=_MAKE,
    description="Add a person. Editors only.",
)
async def create_person(
    work: Work,
    context: Context,
    input: Annotated[CreatePersonInput, strawberry.argument(description="The person.")],
) -> PersonCreated:
    """Add a person."""
    person = await credits.create_person(
        work,
        viewer=context.viewer,
        language=input.language,
        name=input.name,
        biography=input.biography,
    )
    return PersonCreated(person=shown(person))


@mutation_field(
    PersonDescribed, refusals=_CHANGE, description="Set a person's name and biography in one language. Editors only."
)
async def describe_person(
    work: Work,
    context: Context,
    input: Annotated[DescribePersonInput, strawberry.argument(description="The text.")],
) -> PersonDescribed:
    """Set a text."""
    person = await credits.describe_person(
        work,
        viewer=context.viewer,
        person_id=read_id(Kind.PERSON, input.person_id),
        language=input.language,
        name=input.name,
        biography=input.biography,
        expected_version=input.expected_version,
    )
    return PersonDescribed(person=shown(person))


@mutation_field(
    TagCreated,
    refusals=(*_MAKE, SlugTakenRow),
    description="Add a genre or tag. Editors only.",
)
async def create_tag(
    work: Work,
    context: Context,
    input: Annotated[CreateTagInput, strawberry.argument(description="The tag.")],
) -> TagCreated:
    """Add a tag."""
    tag = await tags.create_tag(
        work,
        viewer=context.viewer,
        kind=input.kind,
        slug=input.slug,
        language=input.language,
        name=input.name,
    )
    return TagCreated(tag=shown(tag))


@mutation_field(
    TagDescribed, refusals=_CHANGE, description="Set what a genre or tag is called in one language. Editors only."
)
async def describe_tag(
    work: Work,
    context: Context,
    input: Annotated[DescribeTagInput, strawberry.argument(description="The name.")],
) -> TagDescribed:
    """Set a name."""
    tag = await tags.describe_tag(
        work,
        viewer=context.viewer,
        tag_id=read_id(Kind.TAG, input.tag_id),
        language=input.language,
        name=input.name,
        expected_version=input.expected_version,
    )
    return TagDescribed(tag=shown(tag))


@mutation_field(
    CollectionCreated, refusals=(*_MAKE, SlugTakenRow), description="Add an empty collection. Editors only."
)
async def create_collection(
    work: Work,
    context: Context,
    input: Annotated[CreateCollectionInput, strawberry.argument(description="The collection.")],
) -> CollectionCreated:
    """Add a collection."""
    collection = await collections.create_collection(
        work,
        viewer=context.viewer,
        slug=input.slug,
        language=input.language,
        name=input.name,
        description=input.description,
    )
    return CollectionCreated(collection=shown(collection))


@mutation_field(
    CollectionDescribed,
    refusals=_CHANGE,
    description="Set a collection's name and description in one language. Editors only.",
)
async def describe_collection(
    work: Work,
    context: Context,
    input: Annotated[DescribeCollectionInput, strawberry.argument(description="The text.")],
) -> CollectionDescribed:
    """Set a text."""
    collection = await collections.describe_collection(
        work,
        viewer=context.viewer,
        collection_id=read_id(Kind.COLLECTION, input.collection_id),
        language=input.language,
        name=input.name,
        description=input.description,
        expected_version=input.expected_version,
    )
    return CollectionDescribed(collection=shown(collection))


@mutation_field(
    CollectionFilled,
    refusals=_CHANGE,
    description="Replace what is in a collection. Editors only.",
)
async def fill_collection(
    work: Work,
    context: Context,
    input: Annotated[FillCollectionInput, strawberry.argument(description="The titles.")],
) -> CollectionFilled:
    """Fill a collection."""
    collection = await collections.fill_collection(
        work,
        viewer=context.viewer,
        collection_id=read_id(Kind.COLLECTION, input.collection_id),
        title_ids=[read_id(Kind.TITLE, id) for id in input.title_ids],
        expected_version=input.expected_version,
    )
    return CollectionFilled(collection=shown(collection))


MUTATIONS = [
    create_person,
    describe_person,
    create_tag,
    describe_tag,
    create_collection,
    describe_collection,
    fill_collection,
]
