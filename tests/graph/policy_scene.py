"""One person of each role, and one thing of each kind for them to ask about."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from domain.accounts import Role, Scope, ScopeKind, create_api_key, create_service_account, grant_role
from domain.engagement import LocalText, MomentKind, PollKind, announce_moment, cast_vote, create_poll, open_poll
from domain.engagement.chatting import send_message
from domain.engagement.moderating import appoint_moderator, pin_message
from domain.engagement.points import welcome
from domain.engagement.question import QuestionState
from domain.engagement.questions import ask_question, moderate_question
from domain.engagement.run_item import NewRunItem, RunItemKind
from domain.engagement.run_sheets import add_run_item
from domain.entitlements import Plan
from domain.webhooks import EventType, create_endpoint
from edge.demo.shelves import arrange_demo
from edge.demo.titles import TITLES
from graph.global_ids import Kind, global_id
from tests.graph.test_media import CREATE_ASSET, begin
from tests.graph.test_playback import START
from tests.graph.test_strangers import another_ones_import
from tests.graph_scene import GraphScene, Person
from tests.home_rows import create_row
from tests.live_streams import create_live_stream
from tests.poll_scene import question

STRANGER = "STRANGER"
ACTORS = (STRANGER, *(role.value for role in Role))


@dataclass(frozen=True)
class PolicyScene:
    """The actors, None for the stranger, and ids of things by the kind of thing."""

    scene: GraphScene
    people: dict[str, Person | None]
    ids: dict[str, str]


async def make_policy_scene(scene: GraphScene) -> PolicyScene:
    """Make everybody, and what belongs to an editor who is none of them."""
    people: dict[str, Person | None] = {STRANGER: None}
    for role in Role:
        people[role.value] = await scene.person(role, plan=Plan.PREMIUM)
    editor, administrator = await scene.editor(), people[Role.ADMINISTRATOR.value]
    assert administrator is not None
    titles = {title.slug: await scene.playable() for title in TITLES}
    # Genres, credits, ratings, markers, a collection and rows.
    await arrange_demo(scene.runtime, editor.viewer, {slug: one.title_id for slug, one in titles.items()})
    made = next(iter(titles.values()))
    ids = {"title": global_id(Kind.TITLE, made.title_id), "asset": global_id(Kind.ASSET, made.asset_id)}
    ids["draft"] = global_id(Kind.TITLE, await scene.draft(editor))
    ids["upload"] = global_id(Kind.UPLOAD, await scene.upload(editor))
    async with scene.runtime.work() as work:
        row = await create_row(work, editor=editor.viewer, title_ids=[made.title_id])
        service = await create_service_account(
            work, viewer=administrator.viewer, name="Robot", roles=frozenset({Role.EDITOR})
        )
        await create_api_key(work, viewer=administrator.viewer, account_id=service.id, name="Key", lasts_days=1)
        scope = Scope(ScopeKind.CHANNEL, made.title_id)
        await grant_role(
            work,
            viewer=administrator.viewer,
            account_id=service.id,
            role=Role.HOST,
            scope=scope,
            reason="For the table",
        )  # fmt: skip
    async with scene.runtime.work() as work:
        stream, _ = await create_live_stream(work)
        poll = await create_poll(
            work,
            viewer=editor.viewer,
            stream_id=stream.id,
            new=question(PollKind.QUIZ, right=(1,), points=5, is_anonymous=False),
        )
        await open_poll(work, viewer=editor.viewer, poll_id=poll.id, expected_version=1)
        for kind in (MomentKind.CHAPTER, MomentKind.SHOUT_OUT):
            await announce_moment(
                work,
                viewer=editor.viewer,
                stream_id=stream.id,
                kind=kind,
                text=[LocalText("en", "Hello")],
                idempotency_key=uuid4().hex,
                # Until everybody has asked.
                duration_s=300 if kind is MomentKind.SHOUT_OUT else None,
            )
        note = NewRunItem(RunItemKind.NOTE, text=(LocalText("en", "Smile"),))
        await add_run_item(work, viewer=editor.viewer, stream_id=stream.id, expected_version=1, new=note)
    ids["poll"] = global_id(Kind.POLL, poll.id)
    await talk(scene, stream.id, editor)
    async with scene.runtime.work() as work:
        hook = await create_endpoint(
            work, viewer=editor.viewer, keyring=scene.runtime.keyring, title_id=stream.title_id,
            url="https://hooks.example.com/", event_types=tuple(EventType),
        )  # fmt: skip
    ids["webhookEndpoint"] = global_id(Kind.WEBHOOK_ENDPOINT, hook.endpoint.id)
    ids["stream"] = global_id(Kind.STREAM, stream.id)
    ids["show"] = global_id(Kind.TITLE, stream.title_id)
    ids["homeRow"] = global_id(Kind.HOME_ROW, row.id)
    ids["person"] = global_id(Kind.VIEWER, editor.viewer.account_id)
    own = await scene.data(CREATE_ASSET, {"input": await begin(scene, editor)}, by=editor)
    ids["ownAsset"] = own["createAsset"]["asset"]["id"]
    ids["ownImport"] = await another_ones_import(scene, editor)
    for role in (Role.EDITOR, Role.ADMINISTRATOR):
        staff = people[role.value]
        assert staff is not None
        await scene.upload(staff)
        await another_ones_import(scene, staff)
    async with scene.runtime.work() as work:
        players = [person.viewer.account_id for person in people.values() if person is not None]
        await welcome(work, stream_id=stream.id, player_ids=players)
    for person in people.values():
        if person is not None:
            await cast_vote(scene.runtime, viewer=person.viewer, poll_id=poll.id, choices=[poll.options[0].id])
            values = {"titleId": ids["title"], "idempotencyKey": uuid4().hex}
            await scene.data(START, {"input": values}, by=person)
    return PolicyScene(scene, people, ids)


async def talk(scene: GraphScene, stream_id: UUID, editor: Person) -> None:
    """Have a message on top, a question let through, and a moderator, who is none of the actors."""
    somebody = (await scene.person()).viewer
    said = await send_message(scene.runtime, viewer=somebody, stream_id=stream_id, text="Hello", client_id="one")
    async with scene.runtime.work() as work:
        await pin_message(work, viewer=editor.viewer, stream_id=stream_id, message_id=said.id)
        await appoint_moderator(work, viewer=editor.viewer, message_id=said.id)
        asked = await ask_question(work, viewer=somebody, stream_id=stream_id, text="Why?", client_id="one")
        await moderate_question(
            work, viewer=editor.viewer, question_id=asked.id, expected_version=1, state=QuestionState.APPROVED
        )
