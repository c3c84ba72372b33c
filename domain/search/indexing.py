"""Keeps the search index up to date: follows the facts of the catalog, and goes through all titles when asked to.

Documents and the place in the log are written in one transaction, so no change is lost, and none is seen twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from domain.catalog import CATALOG_TOPIC, Tag, Title, TitleKind, TitleText, credits, tags, titles_by_id, translations_of
from domain.catalog.details import TagKind
from domain.kernel.facts import READ_LIMIT, LoggedFact, Position, Resync, facts_since
from domain.kernel.work import Work
from domain.media.showing import languages_of_titles
from domain.search import store
from domain.search.words import PLAIN, configuration_of, grams_of, plain, words_of

# The job that the worker repeats.
INDEX = "search.index"
BEGINNING = UUID(int=0)
AT_ONCE = 250
# Beyond these a document would say too much to be found by anything in particular.
SYNOPSIS_CHARS = 1_000
PEOPLE_MAX = 40
# The last place that a tsvector tells apart.
_PLACES_MAX = 16_383
# What people look for is whole things, not their parts.
_WEIGHTS = {TitleKind.SERIES: 0.3, TitleKind.MOVIE: 0.3, TitleKind.CLIP: -0.2, TitleKind.SEASON: -0.4}


async def index_next(work: Work) -> bool:
    """Index what has changed since the last time, or the next titles of a rebuild. Returns whether more may follow."""
    progress = await store.lock_progress(work.connection)
    if progress is None:
        return False
    position = None if progress.epoch is None else Position(progress.epoch, progress.offset)
    facts = await facts_since(work.lent, CATALOG_TOPIC, position)
    if facts:
        return await _follow(work, progress, facts)
    if progress.rebuilt_to is None:
        return False
    ids = await store.titles_after(work.connection, progress.rebuilt_to, limit=AT_ONCE)
    await _index(work, ids)
    rebuilt_to = ids[-1] if len(ids) == AT_ONCE else None
    await store.save_progress(work.connection, replace(progress, rebuilt_to=rebuilt_to))
    return rebuilt_to is not None


async def begin_reindex(work: Work) -> None:
    """Have every title indexed again; what is there stays findable meanwhile."""
    await store.begin_rebuild(work.connection, BEGINNING)


async def _follow(work: Work, progress: store.Progress, facts: Sequence[LoggedFact | Resync]) -> bool:
    changed: dict[UUID, None] = {}
    people: list[UUID] = []
    rebuilt_to = progress.rebuilt_to
    for fact in facts:
        if isinstance(fact, Resync) or fact.kind == "TagChanged":
            # A tag may be on half of the titles, and nobody knows what was missed in between.
            rebuilt_to = BEGINNING
        elif isinstance(title_id := fact.body.get("title_id"), str):
            changed[UUID(title_id)] = None
        elif isinstance(person_id := fact.body.get("person_id"), str):
            people.append(UUID(person_id))
    changed |= dict.fromkeys(await credits.titles_of_people(work.reads(), people) if people else ())
    ids = list(changed)
    for start in range(0, len(ids), AT_ONCE):
        await _index(work, ids[start : start + AT_ONCE])
    last = facts[-1].position
    await store.save_progress(work.connection, store.Progress(last.epoch, last.offset, rebuilt_to))
    return len(facts) == READ_LIMIT or rebuilt_to is not None


async def _index(work: Work, ids: Sequence[UUID]) -> None:
    reads = work.reads()
    rows = [title for title in await titles_by_id(reads, ids) if title is not None]
    if not rows:
        return
    keys = [title.id for title in rows]
    texts = await translations_of(reads, keys)
    people = await _people(work, keys)
    tagged = await _tags(work, keys)
    audio = [languages.audio for languages in await languages_of_titles(reads, keys)]
    around = zip(rows, texts, people, tagged, audio, strict=True)
    documents = [_document(*one) for one in around]
    names = [name for title_texts in texts for text in title_texts for name in words_of(text.name)]
    names += [word for of_title in people for name in of_title for word in words_of(name)]
    names += [word for of_title in tagged for tag in of_title for name in tag.names for word in words_of(name.name)]
    await store.put_words(work.connection, {word: grams_of(word) for word in names})
    await store.put_documents(work.connection, documents)


def _document(
    title: Title, texts: Sequence[TitleText], people: Sequence[str], tagged: Sequence[Tag], audio: Sequence[str]
) -> dict[str, object]:
    said = [(text.name, "A") for text in texts] + [(name, "B") for name in people]
    said += [(name.name, "C") for tag in tagged for name in tag.names]
    # A language without stems has its synopsis as written.
    said += [(_synopsis(text), "D") for text in texts if configuration_of(text.language) == PLAIN]
    stemmed = [part for text in texts for part in _stemmed(text)]
    return {
        "title_id": title.id,
        "kind": title.kind.value,
        "released": title.release_year,
        "names": list(dict.fromkeys(plain(text.name) for text in texts)),
        "lexemes": _lexemes(said),
        "stemmed": stemmed,
        "genres": [tag.slug for tag in tagged if tag.kind is TagKind.GENRE],
        "audio_languages": list(audio),
        "weight": _WEIGHTS.get(title.kind, 0.0),
    }


def _lexemes(said: Sequence[tuple[str, str]]) -> str:
    """Return texts and their weights as a tsvector, word by word: PostgreSQL's parser would take some for numbers."""
    words = [(word, weight) for text, weight in said for word in words_of(text)]
    return " ".join(
        f"'{word}':{min(place, _PLACES_MAX)}{weight}" for place, (word, weight) in enumerate(words, start=1)
    )


def _stemmed(text: TitleText) -> list[dict[str, str]]:
    configuration = configuration_of(text.language)
    if configuration == PLAIN:
        return []
    return [
        {"configuration": configuration, "words": plain(words), "weight": weight}
        for words, weight in ((text.name, "A"), (_synopsis(text), "D"))
    ]


def _synopsis(text: TitleText) -> str:
    return text.synopsis[:SYNOPSIS_CHARS]


async def _people(work: Work, title_ids: Sequence[UUID]) -> list[list[str]]:
    of_titles = await credits.credits_of(work.reads(), title_ids)
    wanted = list(dict.fromkeys(credit.person_id for of_title in of_titles for credit in of_title[:PEOPLE_MAX]))
    found = await credits.people_by_id(work.reads(), wanted) if wanted else []
    names = {person.id: [name.name for name in person.names] for person in found if person is not None}
    return [
        list(dict.fromkeys(name for credit in of_title[:PEOPLE_MAX] for name in names.get(credit.person_id, ())))
        for of_title in of_titles
    ]


async def _tags(work: Work, title_ids: Sequence[UUID]) -> list[list[Tag]]:
    of_titles = await tags.tags_of(work.reads(), title_ids)
    wanted = list(dict.fromkeys(tagged.tag_id for of_title in of_titles for tagged in of_title))
    found = {tag.id: tag for tag in (await tags.tags_by_id(work.reads(), wanted) if wanted else []) if tag is not None}
    return [[found[tagged.tag_id] for tagged in of_title if tagged.tag_id in found] for of_title in of_titles]
