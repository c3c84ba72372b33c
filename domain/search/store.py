"""The tables of the search index, and all SQL about them.

A document holds the names of a title in all languages with weight A, its people with B, genres and tags with C, and its
synopses with D. Each is there as written, so that beginnings of words are found, and stemmed in its language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

import orjson
from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSQUERY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.catalog import Audience
from domain.catalog.listing import scope_of, scoped, titles
from domain.kernel.hot import HotQuery
from domain.kernel.tables import metadata
from domain.search.words import telling_grams

search_documents = Table(
    "search_documents",
    metadata,
    Column("title_id", Uuid, ForeignKey("titles.id", ondelete="CASCADE"), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("released", SmallInteger),
    Column("names", ARRAY(Text), nullable=False),
    Column("vector", TSVECTOR, nullable=False),
    Column("genres", ARRAY(Text), nullable=False),
    Column("audio_languages", ARRAY(Text), nullable=False),
    Column("weight", REAL, nullable=False),
)
Index(
    "search_documents_vector_idx",
    search_documents.c.vector,
    postgresql_using="gin",
    postgresql_with={"fastupdate": "off"},
)

search_words = Table(
    "search_words",
    metadata,
    Column("word", Text(collation="C"), primary_key=True),
    Column("grams", ARRAY(Text), nullable=False),
)
Index("search_words_grams_idx", search_words.c.grams, postgresql_using="gin", postgresql_with={"fastupdate": "off"})

search_progress = Table(
    "search_progress",
    metadata,
    Column("one", Boolean, primary_key=True),
    Column("epoch", Uuid),
    Column("offset", BigInteger, nullable=False),
    Column("rebuilt_to", Uuid),
    CheckConstraint("one", name="one"),
)

_d = search_documents.c
# Of more documents than this with one word, those that have it in their names come first.
CANDIDATES_MAX = 3_000
# Weights of D, C, B and A, and how ranks are held against the length of a document: not at all but by its words.
_WEIGHTS = "{0.05, 0.2, 0.4, 1.0}"
_SIMILAR_WORDS_MAX = 40


@dataclass(frozen=True)
class Hit:
    """A title that was found, how well it fits, and what filters and facets look at."""

    title_id: UUID
    rank: float
    kind: str
    released: int | None
    genres: Sequence[str]
    audio_languages: Sequence[str]


@dataclass(frozen=True)
class Progress:
    """How far the index has followed the log, and how far a rebuild has come; None when none is going on."""

    epoch: UUID | None
    offset: int
    rebuilt_to: UUID | None


@cache
def _hits_query(everything: bool) -> HotQuery:
    asked = cast(bindparam("query", type_=Text), TSQUERY)
    named = cast(bindparam("named", type_=Text), TSQUERY)
    first = bindparam("first_words", type_=Text)
    by_name = select(_d.title_id).where(_d.vector.op("@@")(named)).limit(CANDIDATES_MAX)
    by_all = select(_d.title_id).where(_d.vector.op("@@")(asked)).limit(CANDIDATES_MAX)
    found = by_name.union(by_all).subquery("found")
    f = _d
    rank = func.ts_rank(cast(literal(_WEIGHTS), ARRAY(REAL)), f.vector, asked, 1)
    # A name that is just what was asked for, or begins with it, is what people mean.
    whole = func.coalesce(func.array_position(f.names, first), 0) > 0
    begins = func.array_to_string(f.names, "\n").op("~")(func.concat("(^|\n)", first))
    score = rank + cast(whole, Integer) * 2.0 + cast(begins, Integer) * 1.0 + f.weight
    hits = (
        select(f.title_id, cast(score, Float).label("rank"), f.kind, f.released, f.genres, f.audio_languages)
        .join(titles, titles.c.id == f.title_id)
        .join(found, found.c.title_id == f.title_id)
    )
    return HotQuery(scoped(hits, sees_all=everything))


async def hits(
    connection: AsyncConnection, *, query: str, named: str, first_words: str, audience: Audience, now: datetime
) -> list[Hit]:
    """Return what an audience may find of the documents that match, in no order; at most twice CANDIDATES_MAX."""
    rows = await _hits_query(audience.sees_all).rows(
        connection, query=query, named=named, first_words=first_words, **scope_of(audience, now)
    )
    return [Hit(*row) for row in rows]


_STEMMED = text("SELECT CAST(plainto_tsquery(CAST(:configuration AS regconfig), :words) AS text)")


async def stemmed(connection: AsyncConnection, configuration: str, words: str) -> str:
    """Return the query for all of these words in one configuration; empty when they are stop words."""
    found: str = await connection.scalar(_STEMMED, {"configuration": configuration, "words": words}) or ""
    return found


_KNOWN = text(
    """
    SELECT asked.word FROM unnest(CAST(:words AS text[])) AS asked (word)
    WHERE EXISTS (
        SELECT 1 FROM search_words w WHERE w.word >= asked.word COLLATE "C"
          AND w.word < (asked.word || chr(1114111)) COLLATE "C"
    )
    """
)


async def known_words(connection: AsyncConnection, words: Sequence[str]) -> set[str]:
    """Return those of the words that some word of a name is, or begins with."""
    return set((await connection.execute(_KNOWN, {"words": list(words)})).scalars())


_SIMILAR = text(
    """
    SELECT word FROM (
        SELECT word, grams, cardinality(ARRAY(SELECT unnest(grams) INTERSECT SELECT unnest(CAST(:grams AS text[]))))
               AS shared
        FROM search_words WHERE grams && CAST(:rare AS text[]) AND length(word) BETWEEN :shortest AND :longest
    ) AS near
    WHERE shared > 0
    ORDER BY CAST(shared AS float) / (cardinality(grams) + cardinality(CAST(:grams AS text[])) - shared) DESC, word
    LIMIT :limit
    """
)


async def similar_words(connection: AsyncConnection, word: str, grams: Sequence[str]) -> list[str]:
    """Return the words of names that have most pieces in common with a word, the most similar first."""
    slack = 1 if len(word) < 5 else 2
    values = {
        "grams": list(grams),
        "rare": telling_grams(word),
        "shortest": len(word) - slack,
        "longest": len(word) + slack,
        "limit": _SIMILAR_WORDS_MAX,
    }
    return list((await connection.execute(_SIMILAR, values)).scalars())


_PUT = text(
    """
    INSERT INTO search_documents (title_id, kind, released, names, vector, genres, audio_languages, weight)
    SELECT d.title_id, d.kind, d.released, ARRAY(SELECT jsonb_array_elements_text(d.names)),
        CAST(d.lexemes AS tsvector) || coalesce((
            SELECT CAST(string_agg(CAST(setweight(to_tsvector(CAST(p.configuration AS regconfig), p.words),
                                                  CAST(p.weight AS "char")) AS text), ' ') AS tsvector)
            FROM jsonb_to_recordset(d.stemmed) AS p (configuration text, words text, weight text)
        ), ''),
        ARRAY(SELECT jsonb_array_elements_text(d.genres)), ARRAY(SELECT jsonb_array_elements_text(d.audio_languages)),
        d.weight
    FROM jsonb_to_recordset(CAST(:documents AS jsonb)) AS d (
        title_id uuid, kind text, released smallint, names jsonb, lexemes text, stemmed jsonb, genres jsonb,
        audio_languages jsonb, weight real)
    JOIN titles t ON t.id = d.title_id
    ON CONFLICT (title_id) DO UPDATE SET kind = excluded.kind, released = excluded.released, names = excluded.names,
        vector = excluded.vector, genres = excluded.genres, audio_languages = excluded.audio_languages,
        weight = excluded.weight
    """
)
_PUT_WORDS = text(
    """
    INSERT INTO search_words (word, grams)
    SELECT w.word, ARRAY(SELECT jsonb_array_elements_text(w.grams))
    FROM jsonb_to_recordset(CAST(:words AS jsonb)) AS w (word text, grams jsonb)
    ORDER BY w.word
    ON CONFLICT DO NOTHING
    """
)


async def put_documents(connection: AsyncConnection, documents: Sequence[dict[str, object]]) -> None:
    """Insert or replace documents: title_id, kind, released, names, lexemes, stemmed, genres, audio_languages, weight.

    `lexemes` is a tsvector as text, `stemmed` are texts to be stemmed, each {configuration, words, weight}. Titles that
    are gone meanwhile are left out.
    """
    await connection.execute(_PUT, {"documents": orjson.dumps(documents, default=str).decode()})


async def put_words(connection: AsyncConnection, grams_by_word: dict[str, list[str]]) -> None:
    """Add words of names; those that are known stay."""
    words = [{"word": word, "grams": grams} for word, grams in grams_by_word.items()]
    await connection.execute(_PUT_WORDS, {"words": orjson.dumps(words).decode()})


async def lock_progress(connection: AsyncConnection) -> Progress | None:
    """Return how far the index has come, and lock it; None while somebody else holds it."""
    row = (await connection.execute(select(search_progress).with_for_update(skip_locked=True))).one_or_none()
    return None if row is None else Progress(row.epoch, row.offset, row.rebuilt_to)


async def save_progress(connection: AsyncConnection, progress: Progress) -> None:
    """Keep how far the index has come; the caller holds its lock."""
    values = {"epoch": progress.epoch, "offset": progress.offset, "rebuilt_to": progress.rebuilt_to}
    await connection.execute(update(search_progress).values(values))


async def begin_rebuild(connection: AsyncConnection, beginning: UUID) -> None:
    """Have everything indexed again from a title on."""
    await connection.execute(update(search_progress).values(rebuilt_to=beginning))


async def titles_after(connection: AsyncConnection, title_id: UUID, *, limit: int) -> list[UUID]:
    """Return the next titles by id."""
    rows = await connection.execute(
        select(titles.c.id).where(titles.c.id > title_id).order_by(titles.c.id).limit(limit)
    )
    return list(rows.scalars())
