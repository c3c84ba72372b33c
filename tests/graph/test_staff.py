"""What staff does through the graph: roles, keys of services, looking at accounts."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from domain.accounts import Role
from graph.global_ids import Kind, global_id
from tests.graph.asking import change as mutation
from tests.graph_scene import GraphScene, Person

WHY = "Asked for by the head of sport"
PLACE = """mutation($input: PlaceSlotInput!) { placeSlot(input: $input) {
  __typename ... on Problem { code } ... on SlotPlaced { slot { id } } } }"""


PAYLOADS = {
    "createServiceAccount": "ServiceAccountCreated", "createApiKey": "ApiKeyCreated", "revokeApiKey": "ApiKeyRevoked",
    "grantRole": "RolesChanged", "revokeRole": "RolesChanged", "suspendAccount": "AccountSuspended",
    "lookUpAccount": "AccountLookedUp",
}  # fmt: skip


async def change(scene: GraphScene, by: Person, name: str, values: dict[str, Any], selection: str) -> Any:
    answer = (await scene.data(mutation(name, PAYLOADS[name], selection), {"input": values}, by=by))[name]
    assert answer["__typename"] == PAYLOADS[name], answer
    return answer


async def administrator(scene: GraphScene) -> Person:
    return await scene.person(Role.ADMINISTRATOR)


async def channel(scene: GraphScene) -> str:
    made = await scene.playable()
    async with scene.runtime.work() as work:
        await work.connection.exec_driver_sql(f"UPDATE titles SET kind = 'CHANNEL' WHERE id = '{made.title_id}'")
    return global_id(Kind.TITLE, UUID(str(made.title_id)))


async def test_a_service_acts_by_its_key_and_its_use_is_kept(scene: GraphScene) -> None:
    admin = await administrator(scene)
    made = await change(
        scene,
        admin,
        "createServiceAccount",
        {"name": "Robot", "roles": ["EDITOR"]},
        "service { account { accountId } }",
    )
    account_id = made["service"]["account"]["accountId"]
    wanted = {"accountId": account_id, "name": "CI", "lastsDays": 3}
    key = await change(scene, admin, "createApiKey", wanted, "secret key { keyId lastUsedAt }")
    assert key["key"]["lastUsedAt"] is None
    # The key opens without its prefix too, and that is no less a use of it.
    headers = {"authorization": f"Bearer {key['secret'].removeprefix('mk_')}"}
    mine = await scene.ask("{ viewer { id roles } uploads(first: 1) { nodes { id } } }", headers=headers)
    assert mine["data"] == {"viewer": {"id": account_id, "roles": ["EDITOR", "VIEWER"]}, "uploads": {"nodes": []}}
    listed = "{ serviceAccounts(first: 1) { account { displayName kind email } keys { keyId name lastUsedAt } } }"
    (service,) = (await scene.data(listed, by=admin))["serviceAccounts"]
    assert service["account"] == {"displayName": "Robot", "kind": "SERVICE", "email": None}
    assert service["keys"][0]["lastUsedAt"] is not None
    await change(scene, admin, "revokeApiKey", {"keyId": key["key"]["keyId"]}, "keyId")
    after = await scene.ask("{ viewer { id } }", headers=headers)
    assert after["data"] == {"viewer": None}


async def test_an_editor_of_a_channel_edits_its_schedule_and_no_other(scene: GraphScene) -> None:
    admin, person = await administrator(scene), await scene.person()
    here, there = await channel(scene), await channel(scene)
    values = {"accountId": person.id, "role": "EDITOR", "channelId": here, "reason": WHY}
    granted = await change(
        scene, admin, "grantRole", values, "account { roles scopedRoles { role scopeKind channelId } }"
    )
    assert granted["account"] == {
        "roles": ["VIEWER"], "scopedRoles": [{"role": "EDITOR", "scopeKind": "CHANNEL", "channelId": here}],
    }  # fmt: skip

    async def placed(channel_id: str) -> str:
        begins = scene.clock() + timedelta(days=1)
        programme = {
            "startsAt": begins.isoformat(),
            "endsAt": (begins + timedelta(hours=1)).isoformat(),
            "texts": [{"language": "en", "name": "News"}],
        }
        answer = (await scene.data(PLACE, {"input": {"channelId": channel_id, "programme": programme}}, by=person))[
            "placeSlot"
        ]
        return str(answer.get("code", answer["__typename"]))

    assert [await placed(id) for id in (here, there, global_id(Kind.TITLE, uuid4()))] == [
        "SlotPlaced", "FORBIDDEN", "FORBIDDEN",
    ]  # fmt: skip
    await change(scene, admin, "revokeRole", values, "account { roles }")
    assert await placed(here) == "FORBIDDEN"


async def test_the_log_tells_who_did_what_and_why(scene: GraphScene) -> None:
    admin, support, person = await administrator(scene), await scene.person(Role.SUPPORT), await scene.person()
    await change(scene, admin, "suspendAccount", {"accountId": person.id, "reason": WHY}, "accountId")
    asked = {"accountId": person.id, "reason": "They cannot sign in"}
    found = await change(scene, support, "lookUpAccount", asked, "account { accountId suspendedAt devices { name } }")
    assert found["account"]["accountId"] == person.id
    assert found["account"]["suspendedAt"] is not None
    assert [device["name"] for device in found["account"]["devices"]] == ["Television"]
    log = "{ staffLog(first: 2) { nodes { actorId actor action subjectId reason details { name value } } } }"
    newest, before = (await scene.data(log, by=admin))["staffLog"]["nodes"]
    assert newest == {
        "actorId": support.id, "actor": "Ada", "action": "lookUpAccount", "subjectId": person.id,
        "reason": "They cannot sign in", "details": [],
    }  # fmt: skip
    assert (before["actorId"], before["action"], before["reason"]) == (admin.id, "suspendAccount", WHY)
    refused = await scene.ask(log, by=support)
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
