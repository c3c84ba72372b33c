"""What stands around a title, as editors set it: each list is replaced as a whole."""

from typing import Annotated

import strawberry
from strawberry import ID

from domain.catalog import credits, extras, markers, ratings, tags
from domain.catalog.details import Credit, CreditRole, Extra, ExtraKind, Marker, MarkerKind
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, Refusal, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.catalog.titles import Title
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.root_fields import mutation_field

_CHANGE: tuple[type[Refusal], ...] = (InvalidInput, NotFound, SignInRequired, Forbidden, StaleVersion)


@strawberry.input(description="What a person did for a title.")
class CreditInput:
    """A credit."""

    person_id: ID = strawberry.field(description="Who did it.")
    role: CreditRole = strawberry.field(description="What they did.")
    character: str | None = strawberry.field(default=None, description="Whom they play; up to 200 characters.")


@strawberry.input(description="Who worked on a title.")
class SetCreditsInput:
    """A title's credits."""

    title_id: ID = strawberry.field(description="Which title.")
    credits: list[CreditInput] = strawberry.field(description="All of them, in the order shown; up to 200.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="The title has these credits and no others.")
class CreditsSet:
    """What setCredits gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@strawberry.input(description="The genres and tags of a title.")
class SetTagsInput:
    """A title's tags."""

    title_id: ID = strawberry.field(description="Which title.")
    tag_ids: list[ID] = strawberry.field(description="All of them, in the order shown; up to 50, each once.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="The title has these genres and tags and no others.")
class TagsSet:
    """What setTags gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@strawberry.input(description="A title's rating in one national system.")
class RatingInput:
    """A rating."""

    system: str = strawberry.field(
        description="The system: FSK, BBFC, MPA, TVPG, CNC, EIRIN, KIJKWIJZER, CLASSIND or ACB."
    )
    label: str = strawberry.field(description="Its label, such as 16, 12A or PG-13.")


@strawberry.input(description="The ratings of a title.")
class SetRatingsInput:
    """A title's ratings."""

    title_id: ID = strawberry.field(description="Which title.")
    ratings: list[RatingInput] = strawberry.field(description="All of them, each system once.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="The title has these ratings and no others.")
class RatingsSet:
    """What setRatings gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@strawberry.input(description="A clip that hangs on a title.")
class ExtraInput:
    """An extra."""

    title_id: ID = strawberry.field(description="Which clip.")
    kind: ExtraKind = strawberry.field(description="What it is to the title.")


@strawberry.input(description="Trailers and other clips of a title.")
class SetExtrasInput:
    """A title's extras."""

    title_id: ID = strawberry.field(description="Which title.")
    extras: list[ExtraInput] = strawberry.field(description="All of them, in the order shown; up to 100, each once.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="These clips hang on the title and no others.")
class ExtrasSet:
    """What setExtras gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@strawberry.input(description="A stretch of a title that a player may offer to skip.")
class MarkerInput:
    """A marker."""

    kind: MarkerKind = strawberry.field(description="What it is.")
    starts_at_seconds: float = strawberry.field(description="Where it starts.")
    ends_at_seconds: float = strawberry.field(description="Where it ends.")


@strawberry.input(description="What a player may offer to skip of a title.")
class SetMarkersInput:
    """A title's markers."""

    title_id: ID = strawberry.field(description="Which title.")
    markers: list[MarkerInput] = strawberry.field(
        description="All of them; up to 50. Those of a kind must not overlap."
    )
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="The title has these markers and no others.")
class MarkersSet:
    """What setMarkers gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@strawberry.input(description="A chapter of a title.")
class ChapterInput:
    """A chapter."""

    starts_at_seconds: float = strawberry.field(description="Where it starts.")
    name: str = strawberry.field(description="What it is called; 1 to 200 characters.")


@strawberry.input(description="The chapters of a title in one language.")
class SetChaptersInput:
    """A title's chapters."""

    title_id: ID = strawberry.field(description="Which title.")
    language: str = strawberry.field(description="The language of their names, as a BCP 47 tag.")
    chapters: list[ChapterInput] = strawberry.field(description="All of them; up to 500.")
    expected_version: int = strawberry.field(description="The title's `version` as you know it.")


@strawberry.type(description="The title has these chapters in that language and no others.")
class ChaptersSet:
    """What setChapters gives."""

    title: Title = strawberry.field(description="The title as it is now.")


@mutation_field(
    CreditsSet,
    refusals=_CHANGE,
    description="Replace who worked on a title. Editors only.",
)
async def set_credits(
    work: Work,
    context: Context,
    input: Annotated[SetCreditsInput, strawberry.argument(description="The credits.")],
) -> CreditsSet:
    """Set the credits."""
    title = await credits.set_credits(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        credits=[Credit(read_id(Kind.PERSON, one.person_id), one.role, one.character) for one in input.credits],
        expected_version=input.expected_version,
    )
    return CreditsSet(title=shown(title))


@mutation_field(
    TagsSet,
    refusals=_CHANGE,
    description="Replace the genres and tags of a title. Editors only.",
)
async def set_tags(
    work: Work,
    context: Context,
    input: Annotated[SetTagsInput, strawberry.argument(description="The tags.")],
) -> TagsSet:
    """Set the tags."""
    title = await tags.set_tags(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        tag_ids=[read_id(Kind.TAG, id) for id in input.tag_ids],
        expected_version=input.expected_version,
    )
    return TagsSet(title=shown(title))


@mutation_field(
    RatingsSet,
    refusals=_CHANGE,
    description="Replace the national ratings of a title. Editors only.",
)
async def set_ratings(
    work: Work,
    context: Context,
    input: Annotated[SetRatingsInput, strawberry.argument(description="The ratings.")],
) -> RatingsSet:
    """Set the ratings."""
    title = await ratings.set_ratings(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        ratings=[(one.system, one.label) for one in input.ratings],
        expected_version=input.expected_version,
    )
    return RatingsSet(title=shown(title))


@mutation_field(
    ExtrasSet, refusals=_CHANGE, description="Replace the trailers and other clips of a title. Editors only."
)
async def set_extras(
    work: Work,
    context: Context,
    input: Annotated[SetExtrasInput, strawberry.argument(description="The extras.")],
) -> ExtrasSet:
    """Set the extras."""
    title = await extras.set_extras(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        extras=[Extra(read_id(Kind.TITLE, one.title_id), one.kind) for one in input.extras],
        expected_version=input.expected_version,
    )
    return ExtrasSet(title=shown(title))


@mutation_field(
    MarkersSet,
    refusals=_CHANGE,
    description="Replace what may be skipped of a title. Editors only.",
)
async def set_markers(
    work: Work,
    context: Context,
    input: Annotated[SetMarkersInput, strawberry.argument(description="The markers.")],
) -> MarkersSet:
    """Set the markers."""
    title = await markers.set_markers(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        markers=[Marker(one.kind, one.starts_at_seconds, one.ends_at_seconds) for one in input.markers],
        expected_version=input.expected_version,
    )
    return MarkersSet(title=shown(title))


@mutation_field(
    ChaptersSet, refusals=_CHANGE, description="Replace the chapters of a title in one language. Editors only."
)
async def set_chapters(
    work: Work,
    context: Context,
    input: Annotated[SetChaptersInput, strawberry.argument(description="The chapters.")],
) -> ChaptersSet:
    """Set the chapters."""
    title = await markers.set_chapters(
        work,
        viewer=context.viewer,
        title_id=read_id(Kind.TITLE, input.title_id),
        language=input.language,
        chapters=[(one.starts_at_seconds, one.name) for one in input.chapters],
        expected_version=input.expected_version,
    )
    return ChaptersSet(title=shown(title))


MUTATIONS = [set_credits, set_tags, set_ratings, set_extras, set_markers, set_chapters]
