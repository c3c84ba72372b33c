"""What those may do who are not signed in, and those who know other people's ids: nothing, and nothing shows."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, get_named_type, is_enum_type, is_list_type
from sqlalchemy import text

from domain.catalog.exporting import FileFormat
from domain.catalog.importing import ImportMode
from domain.entitlements import Plan
from domain.kernel.tables import metadata
from domain.media.asset import AssetState
from domain.media.imports import import_titles
from graph.global_ids import Kind, global_id, parse_global_id
from graph.schema import graphql_schema
from tests.graph.test_media import CREATE_ASSET, begin
from tests.graph.test_playback import START
from tests.graph_scene import GraphScene, Person

SCHEMA = graphql_schema()
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields
# Nobody may change anything without signing in. Grow this list only with a reason.
ALLOWED_ANONYMOUSLY: frozenset[str] = frozenset()


def operation(name: str) -> str:
    """A mutation that asks only which problem it is."""
    input_name = get_named_type(MUTATIONS[name].args["input"].type).name
    return f"mutation($input: {input_name}!) {{ {name}(input: $input) {{ __typename ... on Problem {{ code }} }} }}"


def filled(name: str, **given: Any) -> dict[str, Any]:
    """An input with a value in every required field, and empty lists where it takes any."""
    type_ = get_named_type(MUTATIONS[name].args["input"].type)
    assert isinstance(type_, GraphQLInputObjectType)
    return _filled(type_, given)


def _filled(type_: GraphQLInputObjectType, given: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field_name, field in type_.fields.items():
        if field_name in given:
            values[field_name] = given[field_name]
        elif isinstance(field.type, GraphQLNonNull):
            values[field_name] = _value(field_name, field.type.of_type)
    return values


def _value(name: str, type_: Any) -> Any:
    if is_list_type(type_):
        return [_absent(name)] if get_named_type(type_).name == "ID" else []
    if is_enum_type(type_):
        return next(iter(type_.values))
    if isinstance(type_, GraphQLInputObjectType):
        return _filled(type_, {})
    if type_.name == "ID":
        return _absent(name)
    return {"String": _text(name), "Int": 1, "Float": 1.0, "Boolean": True, "DateTime": "2030-01-01T00:00:00Z"}[
        type_.name
    ]


def _absent(name: str) -> str:
    return global_id(kind_of(name), uuid4())


def _text(name: str) -> str:
    return {"mediaType": "video/mp4", "language": "en", "territory": "DE"}.get(name, uuid4().hex)


# Fields that are called after their part in the input.
CALLED = {
    "sessionId": Kind.PLAYBACK_SESSION, "rowId": Kind.HOME_ROW, "parentId": Kind.TITLE, "channelId": Kind.TITLE,
    "accountId": Kind.VIEWER, "keyId": Kind.API_KEY, "optionId": Kind.POLL_OPTION, "optionIds": Kind.POLL_OPTION,
    "itemId": Kind.RUN_ITEM,
}  # fmt: skip


def kind_of(field: str) -> Kind:
    """Return what the ids in an input's field name: `titleId` names titles."""
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", re.sub("Ids?$", "", field)).upper()
    return CALLED.get(field) or Kind[snake]


async def rows(scene: GraphScene) -> dict[str, int]:
    """Count the rows of every table there is."""
    return {table: await scene.count(table) for table in (*metadata.tables, "pgqueuer")}


@pytest.mark.parametrize("name", sorted(MUTATIONS))
async def test_nobody_changes_anything_without_signing_in(scene: GraphScene, name: str) -> None:
    before = await rows(scene)
    answer = (await scene.data(operation(name), {"input": filled(name)}))[name]
    if name not in ALLOWED_ANONYMOUSLY:
        assert answer["code"] == "SIGN_IN_REQUIRED"
    assert await rows(scene) == before


@pytest.mark.parametrize("name", sorted(MUTATIONS))
async def test_nothing_is_changed_by_null(scene: GraphScene, name: str) -> None:
    editor = await scene.editor()
    before = await rows(scene)
    nothing = dict.fromkeys(filled(name))
    for input in (None, {}, nothing):
        answer = await scene.ask(operation(name), {"input": input}, by=editor)
        assert "data" not in answer
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}
    assert await rows(scene) == before


async def _another_ones_upload(scene: GraphScene, other: Person) -> str:
    return global_id(Kind.UPLOAD, await scene.upload(other))


async def another_ones_import(scene: GraphScene, other: Person) -> str:
    upload_id = await scene.upload(other)
    async with scene.runtime.work() as work:
        begun = await import_titles(
            work, viewer=other.viewer, upload_id=upload_id, format=FileFormat.CSV, mode=ImportMode.UPSERT,
            idempotency_key=uuid4().hex,
        )  # fmt: skip
    return global_id(Kind.TITLE_IMPORT, begun.id)


async def _another_ones_asset(scene: GraphScene, other: Person) -> str:
    made = await scene.data(CREATE_ASSET, {"input": await begin(scene, other)}, by=other)
    id: str = made["createAsset"]["asset"]["id"]
    return id


async def _another_ones_failed_asset(scene: GraphScene, other: Person) -> str:
    id = await _another_ones_asset(scene, other)
    parsed = parse_global_id(id)
    assert parsed is not None
    await scene.set_asset(parsed[1], AssetState.FAILED, failure="broke")
    return id


async def _another_ones_session(scene: GraphScene, other: Person) -> str:
    made = await scene.playable()
    values = {"titleId": global_id(Kind.TITLE, made.title_id), "idempotencyKey": uuid4().hex}
    id: str = (await scene.data(START, {"input": values}, by=other))["startPlayback"]["session"]["id"]
    return id


async def _another_ones_device(scene: GraphScene, other: Person) -> str:
    return global_id(Kind.DEVICE, other.viewer.device_id)


async def _another_ones_sign_in(scene: GraphScene, other: Person) -> str:
    return global_id(Kind.SIGN_IN, other.viewer.sign_in_id)


async def _another_ones_profile(scene: GraphScene, other: Person) -> str:
    return global_id(Kind.PROFILE, other.viewer.profile_id)


async def _a_draft(scene: GraphScene, other: Person) -> str:
    return global_id(Kind.TITLE, await scene.draft(await scene.editor()))


Make = Callable[[GraphScene, Person], Awaitable[str]]


# Every id field of every mutation, with somebody else's thing in it, and who asks.
async def _another_ones_passkey(scene: GraphScene, other: Person) -> str:
    async with scene.runtime.work() as work:
        id = work.new_id()
        await work.connection.execute(
            text(
                "INSERT INTO passkeys (id, account_id, credential_id, public_key, sign_count, aaguid, is_backed_up,"
                " name, created_at) VALUES (:id, :account_id, :credential_id, '', 0, :id, false, 'Key', now())"
            ),
            {"id": id, "account_id": other.viewer.account_id, "credential_id": id.bytes},
        )
    return global_id(Kind.PASSKEY, id)


FOREIGN: list[tuple[str, str, Make, bool]] = [
    ("terminateUpload", "uploadId", _another_ones_upload, True),
    ("createAsset", "uploadId", _another_ones_upload, True),
    ("addArtwork", "uploadId", _another_ones_upload, True),
    ("importListings", "uploadId", _another_ones_upload, True),
    ("importTitles", "uploadId", _another_ones_upload, True),
    ("cancelImport", "titleImportId", another_ones_import, True),
    ("cancelAsset", "assetId", _another_ones_asset, True),
    ("prepareStream", "assetId", _another_ones_asset, True),
    ("retryAsset", "assetId", _another_ones_failed_asset, True),
    ("startPlayback", "titleId", _a_draft, False),
    ("heartbeatPlayback", "sessionId", _another_ones_session, False),
    ("stopPlayback", "sessionId", _another_ones_session, False),
    ("castVote", "sessionId", _another_ones_session, False),
    ("revokePlayback", "sessionId", _another_ones_session, False),
    ("removeDevice", "deviceId", _another_ones_device, False),
    ("renameDevice", "deviceId", _another_ones_device, False),
    ("endSignIn", "signInId", _another_ones_sign_in, False),
    ("renamePasskey", "passkeyId", _another_ones_passkey, False),
    ("removePasskey", "passkeyId", _another_ones_passkey, False),
    ("updateProfile", "profileId", _another_ones_profile, False),
    ("removeProfile", "profileId", _another_ones_profile, False),
    ("chooseProfile", "profileId", _another_ones_profile, False),
]
# What belongs to an account. All else is the house's: every editor works on all of it.
OWNED = {
    Kind.UPLOAD, Kind.ASSET, Kind.PLAYBACK_SESSION, Kind.PROFILE, Kind.DEVICE, Kind.VIEWER, Kind.TITLE_IMPORT,
    Kind.PASSKEY, Kind.SIGN_IN,
}  # fmt: skip


# Staff acts on other people's accounts; who may is said by the policy table.
BY_STAFF = {"grantRole", "revokeRole", "suspendAccount", "restoreAccount", "lookUpAccount", "createApiKey"}


def test_every_id_of_somebodys_own_is_tried() -> None:
    fields = {
        (name, field)
        for name in MUTATIONS.keys() - BY_STAFF
        for field, declared in get_named_type(MUTATIONS[name].args["input"].type).fields.items()  # type: ignore[union-attr]  # inputs have fields
        if get_named_type(declared.type).name == "ID" and kind_of(field) in OWNED
    }
    assert fields == {(name, field) for name, field, _, _ in FOREIGN if kind_of(field) in OWNED}


@pytest.mark.parametrize(
    ("name", "field", "make", "as_editor"), FOREIGN, ids=lambda part: getattr(part, "__name__", str(part))
)
async def test_another_ones_id_looks_like_an_absent_one(
    scene: GraphScene, name: str, field: str, make: Make, as_editor: bool
) -> None:
    other = await scene.person(plan=Plan.PREMIUM) if not as_editor else await scene.editor()
    foreign = await make(scene, other)
    person = await scene.editor() if as_editor else await scene.person(plan=Plan.PREMIUM)
    works_on_title = name in ("createAsset", "addArtwork", "prepareStream")
    known = {"titleId": global_id(Kind.TITLE, await scene.draft(person))} if works_on_title else {}
    asked = f"""mutation($input: {name[0].upper()}{name[1:]}Input!) {{
      {name}(input: $input) {{ __typename ... on NotFound {{ code message what }} }} }}"""
    before = await rows(scene)
    answers = []
    for id in (foreign, _absent(field), "garbage", global_id(Kind.PROFILE, uuid4()), "x" * 5000, ""):
        values = filled(name, **known, **{field: id})
        answers.append((await scene.data(asked, {"input": values}, by=person))[name])
    assert answers[0]["code"] == "NOT_FOUND"
    assert all(answer == answers[0] for answer in answers)
    assert await rows(scene) == before


async def test_another_ones_things_are_not_found_by_id(scene: GraphScene) -> None:
    other = await scene.editor()
    made = await scene.playable(territory="DE")
    right = await scene.data(
        "query($id: ID!) { title(id: $id) { rights { id } } }", {"id": global_id(Kind.TITLE, made.title_id)}, by=other
    )
    hidden = [
        await _another_ones_upload(scene, other),
        await _another_ones_asset(scene, other),
        await _another_ones_session(scene, await scene.person(plan=Plan.PREMIUM)),
        await _a_draft(scene, other),
        right["title"]["rights"][0]["id"],
        other.id,
        global_id(Kind.PROFILE, other.viewer.profile_id),
        global_id(Kind.DEVICE, other.viewer.device_id),
        global_id(Kind.SIGN_IN, other.viewer.sign_in_id),
        await _another_ones_passkey(scene, other),
    ]
    query = "query($id: ID!) { node(id: $id) { id } title(id: $id) { id } asset(id: $id) { id } }"
    nothing = {"node": None, "title": None, "asset": None}
    for by in (None, await scene.person(plan=Plan.PREMIUM)):
        for id in [*hidden, *[global_id(kind, uuid4()) for kind in Kind], "garbage", ""]:
            assert await scene.data(query, {"id": id}, by=by) == nothing


async def test_a_ready_asset_is_found_by_those_who_find_its_title(scene: GraphScene) -> None:
    made = await scene.playable(territory="DE")
    asked = {"id": global_id(Kind.ASSET, made.asset_id)}
    query = "query($id: ID!) { asset(id: $id) { state } }"
    assert (await scene.data(query, asked, by=await scene.person(territory="DE")))["asset"] == {"state": "READY"}
    assert (await scene.data(query, asked, by=await scene.person(territory="JP")))["asset"] is None


async def test_a_foreign_session_is_not_explained(scene: GraphScene) -> None:
    session = await _another_ones_session(scene, await scene.person(plan=Plan.PREMIUM))
    query = (
        "query($input: ExplainPlaybackInput!) { explainPlayback(input: $input) { ... on Problem { code message } } }"
    )
    person = await scene.person()
    answers = [
        (await scene.data(query, {"input": {"sessionId": id}}, by=person))["explainPlayback"]
        for id in (session, _absent("sessionId"), "garbage")
    ]
    assert answers[0]["code"] == "NOT_FOUND"
    assert answers[1:] == answers[:1] * 2


async def test_a_token_of_before_signing_out_is_nobody(scene: GraphScene) -> None:
    person = await scene.person()
    assert (await scene.client.delete(f"{scene.url}/session", headers=person.headers)).status_code == 204
    assert await scene.data("{ viewer { id } }", by=person) == {"viewer": None}
