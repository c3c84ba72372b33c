"""Programme guides, through the whole application."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from domain.catalog import TitleKind, create_title, grant_right, publish_title
from domain.guide.importing import finish_import, take_in
from domain.guide.listing_problems import ProblemReason
from domain.guide.listings import Outcome
from graph.global_ids import Kind, global_id, parse_global_id
from tests.graph.asking import change
from tests.graph_scene import GraphScene, Person

SLOT = "slot { id startsAt endsAt name subtitle language version origin channel { id } title { id } }"
PLACE = change("placeSlot", "SlotPlaced", SLOT, "... on SlotOverlaps { startsAt endsAt }")
CHANGE = change("changeSlot", "SlotChanged", SLOT)
REMOVE = change("removeSlot", "SlotRemoved", "channel { id onNow { id } }")
LINK = change("linkChannel", "ChannelLinked", "channel { listingsId }", "... on ListingsIdTaken { listingsId }")
IMPORT = change("importListings", "ListingsImportBegun", "listingsImport { id state programmes }")
GUIDE = """query($id: ID!, $from: DateTime!, $to: DateTime!) { title(id: $id) {
  schedule(from: $from, to: $to) { name startsAt isRepeat seasonNumber }
  onNow { name } onNext { name texts { language name } }
} }"""


def hour(hours: float) -> datetime:
    """An instant from now."""
    return datetime.now(UTC).replace(microsecond=0) + timedelta(hours=hours)


def shown(starts: datetime, ends: datetime, name: str = "Show", **values: Any) -> dict[str, Any]:
    texts = [{"language": "en", "name": name}, {"language": "de", "name": f"{name} (de)"}]
    return {"startsAt": starts.isoformat(), "endsAt": ends.isoformat(), "texts": texts, **values}


async def channel(scene: GraphScene, editor: Person, *, territory: str = "*") -> str:
    async with scene.runtime.work() as work:
        title = await create_title(work, viewer=editor.viewer, kind=TitleKind.CHANNEL, language="en", name="One")
        opens_at = work.now - timedelta(days=1)
        await grant_right(work, viewer=editor.viewer, title_id=title.id, territory=territory, opens_at=opens_at)
        await publish_title(work, viewer=editor.viewer, title_id=title.id, expected_version=title.version)
    return global_id(Kind.TITLE, title.id)


async def place(scene: GraphScene, editor: Person, id: str, programme: dict[str, Any]) -> dict[str, Any]:
    given = {"input": {"channelId": id, "programme": programme}}
    answer: dict[str, Any] = (await scene.data(PLACE, given, by=editor))["placeSlot"]
    return answer


async def test_viewers_see_the_schedule_and_what_is_on_now_and_next(scene: GraphScene) -> None:
    editor, viewer = await scene.editor(), await scene.person()
    id = await channel(scene, editor)
    for number, (starts, ends) in enumerate(((-2, -1), (-1, 1), (1.5, 2), (30, 31))):
        await place(scene, editor, id, shown(hour(starts), hour(ends), f"S{number}", isRepeat=number == 1))
    variables = {"id": id, "from": hour(-0.5).isoformat(), "to": hour(24).isoformat()}
    for by, suffix in ((viewer, ""), (None, "")):
        seen = (await scene.data(GUIDE, variables, by=by))["title"]
        assert [(slot["name"], slot["isRepeat"]) for slot in seen["schedule"]] == [
            ("S1" + suffix, True), ("S2" + suffix, False),
        ]  # fmt: skip
        assert seen["onNow"] == {"name": "S1"}
        assert seen["onNext"] == {
            "name": "S2",
            "texts": [{"language": "de", "name": "S2 (de)"}, {"language": "en", "name": "S2"}],
        }
    german = await scene.ask(GUIDE, variables, headers={"accept-language": "de-AT"})
    assert german["data"]["title"]["onNow"] == {"name": "S1 (de)"}


async def test_a_guide_of_many_channels_is_loaded_at_once(scene: GraphScene) -> None:
    editor = await scene.editor()
    ids = [await channel(scene, editor) for _ in range(3)]
    for id in ids:
        await place(scene, editor, id, shown(hour(-1), hour(1), id))
    aliases = " ".join(
        f'c{number}: title(id: "{id}") {{ kind onNow {{ name title {{ id }} channel {{ id }} }} onNext {{ name }} }}'
        for number, id in enumerate(ids)
    )
    seen = await scene.data(f"{{ {aliases} }}")
    assert seen == {
        f"c{number}": {
            "kind": "CHANNEL", "onNow": {"name": id, "title": None, "channel": {"id": id}}, "onNext": None,
        }
        for number, id in enumerate(ids)
    }  # fmt: skip


async def test_a_schedule_of_no_channel_is_empty_and_a_wrong_window_is_an_error(scene: GraphScene) -> None:
    film = await scene.playable()
    variables = {"id": global_id(Kind.TITLE, film.title_id), "from": hour(0).isoformat(), "to": hour(24).isoformat()}
    assert (await scene.data(GUIDE, variables))["title"] == {"schedule": [], "onNow": None, "onNext": None}
    for to in (hour(-1), hour(24 * 9)):
        answer = await scene.ask(GUIDE, {**variables, "to": to.isoformat()})
        assert answer["data"]["title"] is None
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_INPUT"]


async def test_an_editor_places_changes_and_removes_a_programme(scene: GraphScene) -> None:
    editor, film = await scene.editor(), await scene.playable()
    id, film_id = await channel(scene, editor), global_id(Kind.TITLE, film.title_id)
    starts, ends = hour(-1), hour(1)
    slot = (await place(scene, editor, id, shown(starts, ends, titleId=film_id)))["slot"]
    assert slot == {
        "id": slot["id"], "startsAt": slot["startsAt"], "endsAt": slot["endsAt"], "name": "Show", "subtitle": "",
        "language": "en", "version": 1, "origin": "EDITOR", "channel": {"id": id}, "title": {"id": film_id},
    }  # fmt: skip
    overlap = await place(scene, editor, id, shown(hour(0), hour(3)))
    assert (overlap["code"], overlap["startsAt"]) == ("SLOT_OVERLAPS", slot["startsAt"])
    given = {"slotId": slot["id"], "expectedVersion": 1, "programme": shown(starts, hour(2), "Longer")}
    changed = (await scene.data(CHANGE, {"input": given}, by=editor))["changeSlot"]["slot"]
    assert (changed["name"], changed["version"], changed["title"]) == ("Longer", 2, None)
    assert (await scene.data(CHANGE, {"input": given}, by=editor))["changeSlot"]["code"] == "STALE_VERSION"
    for expected, answer in ((1, {"code": "STALE_VERSION"}), (2, {"channel": {"id": id, "onNow": None}})):
        removed = await scene.data(REMOVE, {"input": {"slotId": slot["id"], "expectedVersion": expected}}, by=editor)
        assert answer.items() <= removed["removeSlot"].items()


async def test_programmes_of_hidden_channels_and_hidden_titles_do_not_show(scene: GraphScene) -> None:
    editor = await scene.editor()
    japanese, worldwide = await channel(scene, editor, territory="JP"), await channel(scene, editor)
    hidden = global_id(Kind.TITLE, await scene.draft(editor))
    far = (await place(scene, editor, japanese, shown(hour(-1), hour(1))))["slot"]["id"]
    near = (await place(scene, editor, worldwide, shown(hour(-1), hour(1), titleId=hidden)))["slot"]["id"]
    node = "query($id: ID!) { node(id: $id) { ... on ScheduleSlot { name title { id } channel { id } } } }"
    viewer, abroad = await scene.person(), await scene.person(territory="JP")
    assert (await scene.data(node, {"id": far}, by=viewer))["node"] is None
    assert (await scene.data(node, {"id": far}, by=abroad))["node"]["channel"] == {"id": japanese}
    assert (await scene.data(node, {"id": near}, by=viewer))["node"]["title"] is None
    assert (await scene.data(node, {"id": near}, by=editor))["node"]["title"] == {"id": hidden}
    assert (await scene.data(node, {"id": global_id(Kind.SLOT, uuid4())}, by=editor))["node"] is None


async def test_an_import_is_begun_followed_and_reported(scene: GraphScene) -> None:
    editor, viewer = await scene.editor(), await scene.person()
    id, other = await channel(scene, editor), await channel(scene, editor)
    linked = await scene.data(LINK, {"input": {"channelId": id, "listingsId": "one.example"}}, by=editor)
    assert linked["linkChannel"]["channel"] == {"listingsId": "one.example"}
    taken = await scene.data(LINK, {"input": {"channelId": other, "listingsId": "one.example"}}, by=editor)
    assert taken["linkChannel"]["code"] == "LISTINGS_ID_TAKEN"
    upload = {"uploadId": global_id(Kind.UPLOAD, await scene.upload(editor))}
    begun = (await scene.data(IMPORT, {"input": upload}, by=editor))["importListings"]["listingsImport"]
    assert (begun["state"], begun["programmes"]) == ("RUNNING", 0)
    bad = [Outcome(number, 9, "one.example", "never", problem=ProblemReason.BAD_TIME, quoted="never")
           for number in (1, 2, 3)]  # fmt: skip
    async with scene.runtime.work() as work:
        assert await take_in(work, import_id=_key(begun["id"]), taken=0, outcomes=bad)
        await finish_import(work, import_id=_key(begun["id"]))
    query = """query($id: ID!) { node(id: $id) { ... on ListingsImport { state programmes refused finishedAt
      problems(first: 1, afterNumber: 1) { number line reason channel start quoted } } }
      listingsImports(first: 1) { nodes { id } } }"""
    seen = await scene.data(query, {"id": begun["id"]}, by=editor)
    assert seen["node"]["finishedAt"] is not None
    assert seen["node"]["problems"] == [
        {"number": 2, "line": 9, "reason": "BAD_TIME", "channel": "one.example", "start": "never", "quoted": "never"}
    ]
    assert (seen["node"]["state"], seen["node"]["programmes"], seen["node"]["refused"]) == ("DONE", 3, 3)
    assert seen["listingsImports"]["nodes"] == [{"id": begun["id"]}]
    node = "query($id: ID!) { node(id: $id) { id } title(id: $id) { listingsId } }"
    assert (await scene.data(node, {"id": begun["id"]}, by=viewer))["node"] is None
    assert (await scene.data(node, {"id": id}, by=viewer))["title"] == {"listingsId": None}
    refused = await scene.ask("{ listingsImports { nodes { id } } }", by=viewer)
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["FORBIDDEN"]


async def test_viewers_change_no_schedule(scene: GraphScene) -> None:
    editor, viewer = await scene.editor(), await scene.person()
    id = await channel(scene, editor)
    slot = (await place(scene, editor, id, shown(hour(-1), hour(1))))["slot"]
    remove = {"input": {"slotId": slot["id"], "expectedVersion": 1}}
    async with scene.runtime.database.read() as connection:
        before = (await connection.execute(text("SELECT count(*) FROM schedule_slots"))).scalar_one()
    assert (await place(scene, viewer, id, shown(hour(5), hour(6))))["code"] == "FORBIDDEN"
    assert (await scene.data(REMOVE, remove, by=viewer))["removeSlot"]["code"] == "FORBIDDEN"
    async with scene.runtime.database.read() as connection:
        assert (await connection.execute(text("SELECT count(*) FROM schedule_slots"))).scalar_one() == before


def _key(id: str) -> UUID:
    parsed = parse_global_id(id)
    assert parsed is not None
    return parsed[1]
