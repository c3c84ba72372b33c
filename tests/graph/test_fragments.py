"""Kept fragments: shown without asking again, never when something has changed since."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from domain.catalog import describe_title, withdraw_title
from domain.entitlements import Plan
from domain.insights import RowRule
from domain.kernel.bus import Bus
from domain.media.asset import AssetState
from graph import fragments
from graph.fragments import Fragments
from graph.global_ids import Kind, global_id
from tests.graph.counting import counted
from tests.graph_scene import GraphScene, Person, open_scene
from tests.home_rows import create_row
from tests.playable import Playable

CARD = """query Card($id: ID!, $width: Int = 320) { title(id: $id) {
  id name language durationSeconds poster(width: $width) { url width } audioLanguages version } }"""
# What is the viewer's own stands in the middle.
MINE = "query Mine($id: ID!) { title(id: $id) { name resumePositionSeconds durationSeconds } }"


async def card(scene: GraphScene, made: Playable, query: str = CARD, **asked: Any) -> Any:
    by = asked.pop("by", None)
    headers = asked.pop("headers", None)
    answer = await scene.ask(query, {"id": global_id(Kind.TITLE, made.title_id), **asked}, by=by, headers=headers)
    assert "errors" not in answer, answer
    return answer["data"]["title"]


async def rename(scene: GraphScene, made: Playable, name: str, *, language: str = "en") -> None:
    async with scene.runtime.work() as work:
        version = await work.connection.scalar(text("SELECT version FROM titles WHERE id = :id"), {"id": made.title_id})
        await describe_title(
            work, viewer=made.editor, title_id=made.title_id, language=language, name=name, synopsis="",
            expected_version=version,
        )  # fmt: skip


async def left_at(scene: GraphScene, person: Person, made: Playable, seconds: float) -> None:
    async with scene.runtime.work() as work:
        await work.connection.execute(
            text("INSERT INTO resume_points VALUES (:profile_id, :title_id, :position_s, 600, :now)"),
            {
                "profile_id": person.viewer.profile_id,
                "title_id": made.title_id,
                "position_s": seconds,
                "now": work.now,
            },
        )


@pytest.mark.compiled_only
async def test_what_is_kept_is_not_asked_for_again(scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await scene.playable()
    first = await card(scene, made)
    # What the title's making announced may come back over the bus meanwhile, and then nothing is kept the first time.
    for _ in range(20):
        with counted(scene.runtime.database.reading, monkeypatch) as statements:
            assert await card(scene, made) == first
        loads = [statement for statement in statements if "fact_topics" not in statement]
        if len(loads) == 1:
            break
    # Whether the viewer may see it is asked each time, and nothing else.
    assert len(loads) == 1
    assert "title_rights" in loads[0]


async def test_a_change_shows_in_the_next_answer(scene: GraphScene) -> None:
    made = await scene.playable()
    assert (await card(scene, made))["name"] == "Film"
    await rename(scene, made, "Another film")
    assert (await card(scene, made))["name"] == "Another film"
    await scene.set_asset(made.asset_id, AssetState.READY, duration_s=30.0)
    assert (await card(scene, made))["durationSeconds"] == 30.0


async def test_a_change_in_another_process_shows(fresh_scene: GraphScene, tmp_path: Path) -> None:
    made = await fresh_scene.playable()
    assert (await card(fresh_scene, made))["name"] == "Film"
    async with open_scene(fresh_scene.runtime.settings.database_url, tmp_path / "other") as other:
        async with fresh_scene.runtime.bus.listen("catalog") as doorbell:
            await rename(other, made, "Renamed elsewhere")
            assert await doorbell.wait(5)
        assert (await card(fresh_scene, made))["name"] == "Renamed elsewhere"


async def test_a_lost_doorbell_costs_a_poll(scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await scene.playable()
    await card(scene, made)
    monkeypatch.setattr(Bus, "ring", lambda _bus, _topics: None)
    await rename(scene, made, "Renamed in silence")
    monkeypatch.undo()
    monkeypatch.setattr(fragments, "POLL_S", -1.0)
    assert (await card(scene, made))["name"] == "Renamed in silence"


async def test_a_kept_title_is_hidden_once_it_is_withdrawn(scene: GraphScene) -> None:
    made = await scene.playable()
    version = (await card(scene, made))["version"]
    async with scene.runtime.work() as work:
        await withdraw_title(work, viewer=made.editor, title_id=made.title_id, expected_version=version)
    assert await card(scene, made) is None


async def test_each_language_has_fragments_of_its_own(scene: GraphScene) -> None:
    made = await scene.playable()
    await rename(scene, made, "Der Film", language="de")
    for _ in range(2):
        assert (await card(scene, made, headers={"accept-language": "de"}))["name"] == "Der Film"
        assert (await card(scene, made, headers={"accept-language": "en"}))["name"] == "Film"


async def test_arguments_tell_fragments_apart(scene: GraphScene) -> None:
    made = await scene.playable()
    for _ in range(2):
        widths = [(await card(scene, made, width=width))["poster"]["width"] for width in (1, 640, 5000)]
        assert widths == [320, 640, 1280]


async def test_what_is_the_viewers_own_is_added(scene: GraphScene) -> None:
    made = await scene.playable()
    people = [await scene.person(plan=Plan.PREMIUM) for _ in range(2)]
    for person, seconds in zip(people, (11.0, 22.0), strict=True):
        await left_at(scene, person, made, seconds)
    for _ in range(2):
        for person, seconds in [(people[0], 11.0), (people[1], 22.0), (None, None)]:
            shown = await card(scene, made, MINE, by=person)
            assert list(shown.items()) == [
                ("name", "Film"),
                ("resumePositionSeconds", seconds),
                ("durationSeconds", 600.0),
            ]


async def test_one_kept_among_new_ones_keeps_its_place(fresh_scene: GraphScene) -> None:
    page = "{ titles(first: 10) { nodes { id name } } }"
    made = [await fresh_scene.playable() for _ in range(2)]
    await rename(fresh_scene, made[1], "Second")
    assert [title["name"] for title in (await fresh_scene.data(page))["titles"]["nodes"]] == ["Second", "Film"]
    made += [await fresh_scene.playable() for _ in range(2)]
    await rename(fresh_scene, made[2], "Third")
    names = [title["name"] for title in (await fresh_scene.data(page))["titles"]["nodes"]]
    assert names == ["Film", "Third", "Second", "Film"]


def kept(scene: GraphScene, *, size: int) -> Fragments:
    return Fragments(scene.runtime.database, scene.runtime.bus, f"topic-{uuid4().hex}", size=size)


async def test_no_more_are_kept_than_may_be(scene: GraphScene) -> None:
    cache, ids = kept(scene, size=4), [uuid4() for _ in range(6)]
    sight = await cache.look()
    for shelf in ("one", "two"):
        sight.put(shelf, {id: {"shelf": shelf} for id in ids[:3]})
    assert (dict(cache.shelf("one")), len(cache.shelf("two"))) == ({}, 3)
    sight.put("two", {id: {} for id in ids})
    assert 0 < sum(len(cache.shelf(name)) for name in ("one", "two")) <= 4


async def test_none_is_kept_when_none_may_be(scene: GraphScene) -> None:
    cache, id = kept(scene, size=0), uuid4()
    sight = await cache.look()
    sight.put("shelf", {id: {"name": "Film"}})
    row = object()
    assert bytes(orjson.dumps(sight.put_row("shelf", row, {"name": "Row"}))) == b'{"name":"Row"}'
    assert (dict(cache.shelf("shelf")), cache.written_rows("shelf", [row])) == ({}, [None])


async def test_what_was_loaded_before_a_change_is_not_kept(scene: GraphScene) -> None:
    cache, id = kept(scene, size=4), uuid4()
    topic = cache._topic
    sight = await cache.look()
    scene.runtime.bus.ring([topic])
    sight.put("shelf", {id: {"name": "old"}})
    assert dict(cache.shelf("shelf")) == {}


async def test_more_changes_than_are_worth_a_look_drop_everything(
    scene: GraphScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fragments, "BATCHES_MAX", 1)
    made = await scene.playable()
    assert (await card(scene, made))["name"] == "Film"
    await rename(scene, made, "Once")
    assert (await card(scene, made))["name"] == "Once"


async def test_an_answer_with_an_error_is_not_kept(scene: GraphScene) -> None:
    made = await scene.playable()
    async with scene.runtime.work() as work:
        await work.connection.execute(text("DELETE FROM title_texts WHERE title_id = :id"), {"id": made.title_id})
    asked = {"id": global_id(Kind.TITLE, made.title_id)}
    answers = [await scene.ask("query($id: ID!) { title(id: $id) { id name } }", asked) for _ in range(2)]
    assert all(answer["data"] == {"title": None} and answer["errors"] for answer in answers)
    async with scene.runtime.work() as work:
        await work.connection.execute(
            text("INSERT INTO title_texts VALUES (:id, 'en', 'Back again', '')"), {"id": made.title_id}
        )
    assert (await card(scene, made))["name"] == "Back again"
    assert isinstance(made.title_id, UUID)


HOME = "{ home(first: 5) { nodes { id title titles(first: 5) { nodes { id name durationSeconds } } } } }"


async def names_at_home(scene: GraphScene, **asked: Any) -> list[tuple[str, list[str]]]:
    home = (await scene.data(HOME, **asked))["home"]["nodes"]
    return [(row["title"], [title["name"] for title in row["titles"]["nodes"]]) for row in home]


async def picks(scene: GraphScene, editor: Person, *title_ids: UUID, name: str = "Picks") -> None:
    async with scene.runtime.work() as work:
        await create_row(work, editor=editor.viewer, title_ids=title_ids, name=name)


@pytest.mark.compiled_only
async def test_a_row_that_was_written_is_not_asked_for_again(
    fresh_scene: GraphScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, editor = fresh_scene, await fresh_scene.editor()
    await picks(scene, editor, (await scene.playable()).title_id)
    first = await names_at_home(scene)
    for _ in range(20):
        with counted(scene.runtime.database.reading, monkeypatch) as statements:
            assert await names_at_home(scene) == first == [("Picks", ["Film"])]
        if not statements:
            break
    assert statements == []


async def test_a_change_of_a_title_shows_in_its_rows(fresh_scene: GraphScene) -> None:
    scene, editor = fresh_scene, await fresh_scene.editor()
    made = await scene.playable()
    await picks(scene, editor, made.title_id)
    for name in ("Film", "Once", "Twice"):
        if name != "Film":
            await rename(scene, made, name)
        for _ in range(2):
            assert await names_at_home(scene) == [("Picks", [name])]


async def test_classes_of_viewers_share_no_row(fresh_scene: GraphScene) -> None:
    scene, editor = fresh_scene, await fresh_scene.editor()
    here, there = await scene.playable(territory="DE"), await scene.playable(territory="JP")
    await rename(scene, here, "Here")
    await rename(scene, there, "There")
    await picks(scene, editor, here.title_id, there.title_id)
    german, japanese = await scene.person(territory="DE"), await scene.person(territory="JP")
    for _ in range(3):
        assert await names_at_home(scene, by=german) == [("Picks", ["Here"])]
        assert await names_at_home(scene, by=japanese) == [("Picks", ["There"])]


async def test_nobody_sees_what_another_has_begun(fresh_scene: GraphScene) -> None:
    scene, editor = fresh_scene, await fresh_scene.editor()
    made = [await scene.playable() for _ in range(2)]
    await rename(scene, made[1], "Other")
    async with scene.runtime.work() as work:
        await create_row(work, editor=editor.viewer, rule=RowRule.CONTINUE_WATCHING, name="Go on")
    people = [await scene.person() for _ in range(3)]
    for person, begun in zip(people, made, strict=False):
        await left_at(scene, person, begun, 60.0)
    for _ in range(2):
        shown = [await names_at_home(scene, by=person) for person in people]
        assert shown == [[("Go on", ["Film"])], [("Go on", ["Other"])], []]


@pytest.mark.compiled_only
async def test_a_crowd_asks_the_database_a_few_times(fresh_scene: GraphScene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene, editor = fresh_scene, await fresh_scene.editor()
    made = await scene.playable()
    await picks(scene, editor, made.title_id)
    alone = await names_at_home(scene)
    await rename(scene, made, "Changed")
    with counted(scene.runtime.database.reading, monkeypatch) as statements:
        crowd = await asyncio.gather(*(names_at_home(scene) for _ in range(40)))
    assert crowd == [[("Picks", ["Changed"])]] * 40 != [alone] * 40
    # Each read is made for whoever waits for it, not forty times.
    assert max(Counter(statements).values()) <= 6
