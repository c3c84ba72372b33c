"""What is found in the index, in which order, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.accounts import Viewer
from domain.catalog import (
    Title,
    TitleKind,
    create_title,
    credits,
    describe_title,
    grant_right,
    publish_title,
    tags,
    withdraw_title,
)
from domain.catalog.details import Credit, CreditRole, TagKind
from domain.kernel.paging import Page, PageRequest
from domain.kernel.refusals import InvalidInput
from domain.kernel.work import Work
from domain.search import Filters, Found, begin_reindex, index_next, search, suggest, titles_found
from tests.arrange import create_editor, create_viewer


@dataclass
class Library:
    """A catalog, its editor, and somebody who looks for things in it."""

    work: Work
    editor: Viewer
    viewer: Viewer

    async def add(
        self,
        name: str,
        synopsis: str = "",
        *,
        language: str = "en",
        kind: TitleKind = TitleKind.MOVIE,
        year: int | None = None,
        age: int = 0,
        territory: str = "*",
        published: bool = True,
    ) -> UUID:
        made = await create_title(
            self.work, viewer=self.editor, kind=kind, language=language, name=name, synopsis=synopsis,
            release_year=year, maturity_age=age,
        )  # fmt: skip
        opens_at = self.work.now - timedelta(days=1)
        await grant_right(self.work, viewer=self.editor, title_id=made.id, territory=territory, opens_at=opens_at)
        if published:
            await publish_title(self.work, viewer=self.editor, title_id=made.id, expected_version=1)
        return made.id

    async def indexed(self) -> None:
        await self.work.write_facts()
        while await index_next(self.work):
            pass

    async def found(
        self,
        asked: str,
        *,
        by: Viewer | None = None,
        languages: Sequence[str] = ("en",),
        filters: Filters | None = None,
    ) -> Found:
        return await search(
            self.work.reads(), viewer=by or self.viewer, text=asked, languages=languages, filters=filters or Filters()
        )

    async def page(
        self, asked: str, *, by: Viewer | None = None, more: dict[str, Any] | None = None, **paging: Any
    ) -> Page[Title]:
        found = await self.found(asked, by=by, **(more or {}))
        page = PageRequest.parse(**paging)
        return await titles_found(self.work.reads(), found, viewer=by or self.viewer, page=page)

    async def ids(self, asked: str, *, by: Viewer | None = None, **more: Any) -> list[UUID]:
        return [title.id for title in (await self.page(asked, by=by, more=more)).items]


@pytest.fixture
async def library(work: Work) -> Library:
    return Library(work, await create_editor(work), await create_viewer(work))


async def test_words_stems_beginnings_and_slips_are_found(library: Library) -> None:
    wire = await library.add("The Wire", "Detectives are listening to drug dealers in Baltimore.")
    house = await library.add("Das Haus am Meer", "Zwei Schwestern erben Häuser.", language="de")
    await library.add("Something else")
    await library.indexed()
    for asked in ("the wire", "WIRE", "wir", "wiire", "detective", "listen baltimore", "dealer"):
        assert await library.ids(asked) == [wire], asked
    for asked in ("haus", "Haus Meer", "schwester", "häuser"):
        assert await library.ids(asked, languages=("de-CH",)) == [house], asked
    assert await library.ids("wire haus") == []
    corrected = await library.found("wiire")
    assert corrected.corrected == "wire"
    assert (await library.found("wire")).corrected is None


async def test_other_scripts_and_accents_are_found(library: Library) -> None:
    amelie = await library.add("Le Fabuleux Destin d'Amélie Poulain", language="fr")
    spirited = await library.add("千と千尋の神隠し", language="ja")
    arabic = await library.add("كفرناحوم", language="ar")
    await library.indexed()
    for asked, id in (
        ("amelie", amelie),
        ("AMÉLIE", amelie),
        ("千尋", spirited),
        ("神隠し", spirited),
        ("كفرناحوم", arabic),
    ):
        assert await library.ids(asked) == [id], asked


async def test_numbers_among_letters_are_found(library: Library) -> None:
    made = {name: await library.add(name) for name in ("9e8e123 3D", "2001: A Space Odyssey", "Se7en", "1917")}
    await library.indexed()
    for asked, name in (
        ("9e8", "9e8e123 3D"),
        ("3d", "9e8e123 3D"),
        ("2001", "2001: A Space Odyssey"),
        ("se7", "Se7en"),
    ):
        assert await library.ids(asked) == [made[name]]


async def test_a_name_comes_before_a_mention(library: Library) -> None:
    mentioned = await library.add("Another film", "A film about an alien in a house")
    longer = await library.add("Alien Romulus")
    exact = await library.add("Alien")
    inside = await library.add("My alien friend and all the others")
    await library.indexed()
    assert await library.ids("alien") == [exact, longer, inside, mentioned]


async def test_people_genres_and_tags_are_found(library: Library) -> None:
    film = await library.add("Arrival")
    await library.indexed()
    ada = await credits.create_person(library.work, viewer=library.editor, language="en", name="Amy Adams")
    await credits.set_credits(
        library.work, viewer=library.editor, title_id=film, credits=[Credit(ada.id, CreditRole.ACTOR, None)],
        expected_version=2,
    )  # fmt: skip
    genre = await tags.create_tag(
        library.work, viewer=library.editor, kind=TagKind.GENRE, slug="science-fiction", language="en", name="Sci-fi"
    )
    await tags.set_tags(library.work, viewer=library.editor, title_id=film, tag_ids=[genre.id], expected_version=3)
    await library.indexed()
    assert await library.ids("amy adms") == [film]
    assert await library.ids("sci") == [film]
    await credits.describe_person(
        library.work, viewer=library.editor, person_id=ada.id, language="en", name="Amy Lou Adams", biography="",
        expected_version=1,
    )  # fmt: skip
    await tags.describe_tag(
        library.work, viewer=library.editor, tag_id=genre.id, language="en", name="Space opera", expected_version=1
    )
    await library.indexed()
    assert await library.ids("lou") == [film]
    assert await library.ids("opera") == [film]


async def test_only_what_may_be_found_is_found(library: Library) -> None:
    draft = await library.add("Hidden draft", published=False)
    abroad = await library.add("Hidden abroad", territory="JP")
    grown_up = await library.add("Hidden grown up", age=18)
    gone = await library.add("Hidden gone")
    await library.indexed()
    await withdraw_title(library.work, viewer=library.editor, title_id=gone, expected_version=2)
    child = replace(library.viewer, maturity_limit=12)
    assert await library.ids("hidden", by=child) == []
    assert await library.ids("hidden") == [grown_up]
    assert set(await library.ids("hidden", by=replace(library.viewer, territory="JP"))) == {grown_up, abroad}
    assert set(await library.ids("hidden", by=library.editor)) == {draft, abroad, grown_up, gone}
    found = await library.found("hidden", by=child)
    assert (found.hits, found.facets.kinds) == ([], [])


async def test_a_change_is_found_and_what_was_is_not(library: Library) -> None:
    film = await library.add("Working title")
    await library.indexed()
    await describe_title(
        library.work, viewer=library.editor, title_id=film, language="en", name="Release name", synopsis="",
        expected_version=2,
    )  # fmt: skip
    await library.indexed()
    assert await library.ids("release") == [film]
    assert await library.ids("working") == []


async def test_a_rebuild_finds_what_nobody_announced(library: Library) -> None:
    film = await library.add("Before the index")
    await library.indexed()
    await library.work.connection.execute(text("UPDATE title_texts SET name = 'Renamed by hand'"))
    await library.indexed()
    assert await library.ids("renamed") == []
    await begin_reindex(library.work)
    await library.indexed()
    assert await library.ids("renamed") == [film]


async def test_facets_count_as_if_they_were_not_filtered(library: Library) -> None:
    films = [await library.add(f"Ocean {n}", year=2000 + n) for n in range(3)]
    clip = await library.add("Ocean clip", kind=TitleKind.CLIP, year=2010)
    genre = await tags.create_tag(
        library.work, viewer=library.editor, kind=TagKind.GENRE, slug="drama", language="en", name="Drama"
    )
    await tags.set_tags(library.work, viewer=library.editor, title_id=films[0], tag_ids=[genre.id], expected_version=2)
    await library.indexed()
    found = await library.found("ocean", filters=Filters(kinds=[TitleKind.MOVIE]))
    assert {hit.title_id for hit in found.hits} == set(films)
    assert [(one.value, one.count) for one in found.facets.kinds] == [("MOVIE", 3), ("CLIP", 1)]
    assert [(one.value, one.count) for one in found.facets.genres] == [("drama", 1)]
    for filters, ids in (
        (Filters(genres=["drama", "none"]), {films[0]}),
        (Filters(released_from=2002), {films[2], clip}),
        (Filters(released_from=2001, released_to=2002), set(films[1:])),
        (Filters(audio_languages=["en"]), set()),
    ):
        assert set(await library.ids("ocean", filters=filters)) == ids
    with pytest.raises(InvalidInput):
        await library.found("ocean", filters=Filters(genres=["x"] * 51))


async def test_pages_join_without_a_gap(library: Library) -> None:
    made = {await library.add(f"Ocean {n}") for n in range(7)}
    await library.indexed()
    whole = await library.ids("ocean")
    assert (len(whole), set(whole)) == (7, made)
    walked: list[UUID] = []
    after = None
    while True:
        page = await library.page("ocean", first=3, after=after)
        walked += [title.id for title in page.items]
        after = page.cursors[-1]
        if not page.has_next:
            break
    assert walked == whole
    back = await library.page("ocean", last=2, before=after)
    assert [title.id for title in back.items] == whole[4:6]
    for cursor in ("garbage", after[:-4]):
        with pytest.raises(InvalidInput):
            await library.page("ocean", after=cursor)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "   ",
        "!?&|:*()<->",
        "' OR 1=1 --",
        "\x00",
        "a:*b",
        "\\",
        "<b>",
        "💥",
        "the of and",
        "%",
        "_" * 200,
        "x " * 100,
    ],
)
async def test_whatever_is_typed_gets_an_answer(library: Library, asked: str) -> None:
    await library.add("Ocean")
    await library.indexed()
    found = await library.found(asked)
    assert found.hits == []
    assert await suggest(library.work.reads(), viewer=None, text=asked, languages=("xx-Nope",), limit=10) == []


async def test_a_text_that_is_too_long_is_refused(library: Library) -> None:
    with pytest.raises(InvalidInput):
        await library.found("x" * 201)


async def test_suggestions_are_names_that_may_become(library: Library) -> None:
    film = await library.add("The Matrix")
    await describe_title(
        library.work, viewer=library.editor, title_id=film, language="de", name="Matrix", synopsis="",
        expected_version=2,
    )  # fmt: skip
    await library.indexed()
    for languages, name in ((("de",), "Matrix"), (("en",), "The Matrix")):
        shown = await suggest(library.work.reads(), viewer=None, text="matr", languages=languages, limit=3)
        assert [(one.title.id, one.text) for one in shown] == [(film, name)]
    with pytest.raises(InvalidInput):
        await suggest(library.work.reads(), viewer=None, text="matr", languages=(), limit=11)


async def test_two_workers_index_everything_once(library: Library) -> None:
    await library.add("Ocean")
    await library.work.write_facts()
    while await index_next(library.work):
        pass
    assert not await index_next(library.work)
    counted = await library.work.connection.scalar(text("SELECT count(*) FROM search_documents"))
    assert counted == await library.work.connection.scalar(text("SELECT count(*) FROM titles"))


async def test_the_index_answers(library: Library) -> None:
    await library.add("Ocean")
    await library.indexed()
    await library.work.connection.execute(text("SET LOCAL enable_seqscan = off"))
    explained = await library.work.connection.execute(
        text("EXPLAIN SELECT 1 FROM search_documents WHERE vector @@ to_tsquery('simple', 'ocean:*')")
    )
    assert "search_documents_vector_idx" in "\n".join(explained.scalars())
    explained = await library.work.connection.execute(
        text("EXPLAIN SELECT 1 FROM search_words WHERE grams && '{oce,cea}'")
    )
    assert "search_words_grams_idx" in "\n".join(explained.scalars())
