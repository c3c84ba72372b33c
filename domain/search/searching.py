"""Finds titles: by words and their stems, by beginnings of words, and by words that are nearly right."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Viewer
from domain.catalog import Title, audience_of, texts_of, visible_titles
from domain.kernel.paging import Page, PageRequest, decode_cursor, encode_cursor, page_of
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Reads
from domain.search import store
from domain.search.query import Asked, Filters
from domain.search.store import Hit
from domain.search.words import grams_of, slips

_LIST = "search"
FACET_VALUES_MAX = 30
SUGGESTIONS_MAX = 10
# Words with more slips between them were meant to be different; short ones soon are.
SLIPS_MAX, SLIPS_MAX_SHORT, SHORT_CHARS = 2, 1, 5
# Of words that are equally near, so many are tried.
MEANT_MAX = 4


@dataclass(frozen=True)
class FacetValue:
    """A value, and how many of what was found have it."""

    value: str
    count: int


@dataclass(frozen=True)
class Facets:
    """What else could be filtered by, the most frequent first; each as if it were not filtered by itself."""

    kinds: Sequence[FacetValue]
    genres: Sequence[FacetValue]
    audio_languages: Sequence[FacetValue]


@dataclass(frozen=True, eq=False)
class Found:
    """What was found, the best first. `corrected` is the text that was looked for instead of one that nothing fits.

    Of common words only the best candidates are among the hits. Equal to itself only.
    """

    hits: Sequence[Hit]
    facets: Facets
    corrected: str | None


@dataclass(frozen=True)
class Suggestion:
    """A title that what is being typed may become, and its name."""

    title: Title
    text: str


async def search(
    reads: Reads, *, viewer: Viewer | None, text: str, languages: Sequence[str], filters: Filters
) -> Found:
    """Return what the viewer may find that fits a text.

    Raises:
        InvalidInput: the text is too long, or filters that cannot be meant.
    """
    filters.check()
    hits, corrected = await _hits(reads, viewer, Asked.read(text, languages))
    kept = sorted((hit for hit in hits if _fits(hit, filters)), key=_order)
    return Found(kept, _facets(hits, filters), corrected)


async def titles_found(reads: Reads, found: Found, *, viewer: Viewer | None, page: PageRequest) -> Page[Title]:
    """Return one page of what was found. What was hidden a moment ago is left out of it.

    Raises:
        InvalidInput: a cursor of another list.
    """
    after, before = _place(page.after), _place(page.before)
    inside = [
        hit for hit in found.hits if (after is None or _order(hit) > after) and (before is None or _order(hit) < before)
    ]
    if page.backwards:
        inside.reverse()
    chosen = page_of(
        inside[: page.limit + 1], request=page, cursor=lambda hit: encode_cursor(_LIST, hit.rank, str(hit.title_id))
    )
    titles = await visible_titles(reads, [hit.title_id for hit in chosen.items], viewer=viewer)
    shown = [(title, cursor) for title, cursor in zip(titles, chosen.cursors, strict=True) if title is not None]
    return Page([title for title, _ in shown], [cursor for _, cursor in shown], chosen.has_next, chosen.has_previous)


async def suggest(
    reads: Reads, *, viewer: Viewer | None, text: str, languages: Sequence[str], limit: int
) -> list[Suggestion]:
    """Return titles that what is being typed may become, the best first.

    Raises:
        InvalidInput: the text is too long, or a count outside 1..10.
    """
    if not 1 <= limit <= SUGGESTIONS_MAX:
        raise InvalidInput("first", f"Ask for 1 to {SUGGESTIONS_MAX}.")
    hits, _ = await _hits(reads, viewer, Asked.read(text, languages))
    ids = [hit.title_id for hit in sorted(hits, key=_order)[:limit]]
    titles = await visible_titles(reads, ids, viewer=viewer)
    texts = await texts_of(reads, ids, languages=languages)
    pairs = zip(titles, texts, strict=True)
    return [Suggestion(title, said.name) for title, said in pairs if title is not None and said is not None]


async def _hits(reads: Reads, viewer: Viewer | None, asked: Asked) -> tuple[list[Hit], str | None]:
    if not asked.words:
        return [], None
    async with reads.connection() as connection:
        hits = await _fitting(connection, reads, viewer, asked)
        if hits:
            return hits, None
        known = await store.known_words(connection, asked.words)
        meant = [await _meant(connection, word, is_known=word in known) for word in asked.words]
        corrected = [nearest[0] for nearest in meant]
        if all(nearest == [word] for nearest, word in zip(meant, asked.words, strict=True)):
            return [], None
        return await _fitting(connection, reads, viewer, asked, meant), " ".join(corrected)


async def _fitting(
    connection: AsyncConnection,
    reads: Reads,
    viewer: Viewer | None,
    asked: Asked,
    meant: Sequence[Sequence[str]] | None = None,
) -> list[Hit]:
    """Return what has all words as beginnings, or all of their stems in one language.

    `meant` are the words that each of them may stand for, the nearest first, when they are not taken as they are.
    """
    words = meant or [[word] for word in asked.words]
    first = " ".join(nearest[0] for nearest in words)
    stems = [await store.stemmed(connection, one, first) for one in asked.configurations]
    return await store.hits(
        connection,
        query=" | ".join(f"({part})" for part in [_beginnings(words, ":*"), *stems] if part),
        named=_beginnings(words, ":*A"),
        first_words=first,
        audience=audience_of(viewer),
        now=reads.now,
    )


async def _meant(connection: AsyncConnection, word: str, *, is_known: bool) -> list[str]:
    """Return the words of names that were meant, the nearest first; the word itself when none is near enough."""
    allowed = SLIPS_MAX_SHORT if len(word) < SHORT_CHARS else SLIPS_MAX
    near = await store.similar_words(connection, word, grams_of(word))
    ranked = sorted((count, one) for one in near if 0 < (count := slips(word, one)) <= allowed)
    nearest = [one for count, one in ranked if count == ranked[0][0]][:MEANT_MAX]
    return [word, *nearest] if is_known else nearest or [word]


def _beginnings(words: Sequence[Sequence[str]], how: str) -> str:
    # Words are letters and digits only, so nothing in them means anything here.
    either = [" | ".join(f"'{word}'{how}" for word in nearest) for nearest in words]
    return " & ".join(f"({part})" for part in either)


def _order(hit: Hit) -> tuple[float, str]:
    return -hit.rank, str(hit.title_id)


def _place(cursor: str | None) -> tuple[float, str] | None:
    if cursor is None:
        return None
    match decode_cursor(_LIST, cursor):
        case [int() | float() as rank, str(id)]:
            return -float(rank), id
    raise InvalidInput("cursor", "This cursor does not belong to this list. Start from its first page.")


def _fits(hit: Hit, filters: Filters, *, but: str = "") -> bool:
    if filters.kinds and but != "kinds" and hit.kind not in filters.kinds:
        return False
    if filters.genres and but != "genres" and not set(filters.genres) & set(hit.genres):
        return False
    if filters.audio_languages and but != "audio" and not set(filters.audio_languages) & set(hit.audio_languages):
        return False
    if filters.released_from is not None and (hit.released is None or hit.released < filters.released_from):
        return False
    return filters.released_to is None or (hit.released is not None and hit.released <= filters.released_to)


def _facets(hits: Sequence[Hit], filters: Filters) -> Facets:
    def counted(but: str, values: Callable[[Hit], Sequence[str]]) -> list[FacetValue]:
        counts = Counter(value for hit in hits if _fits(hit, filters, but=but) for value in values(hit))
        ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        return [FacetValue(value, count) for value, count in ordered[:FACET_VALUES_MAX]]

    return Facets(
        kinds=counted("kinds", lambda hit: (hit.kind,)),
        genres=counted("genres", lambda hit: hit.genres),
        audio_languages=counted("audio", lambda hit: hit.audio_languages),
    )
