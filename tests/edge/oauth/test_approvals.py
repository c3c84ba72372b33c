"""What an approval is worth: as whom, for how long, and what ends it before it is redeemed."""

import asyncio
import logging
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
import structlog
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import (
    AccountScopeRequired,
    ProfileChange,
    ProfileId,
    Role,
    create_api_key,
    create_profile,
    create_service_account,
    end_sign_in,
    remove_device,
    rename_device,
    sign_out,
    sign_out_everywhere,
)
from domain.accounts.exporting import export_token, finish_export, request_export, write_export
from domain.authorization import AccessTokens, AuthorizationCode, ClientKind, Scope
from domain.authorization import store as authorization_store
from domain.authorization.pruning import prune_codes, prune_refresh_tokens
from domain.authorization.store.codes import _approval, _scopes
from domain.authorization.store.tables import authorization_codes
from domain.settings import Settings
from edge.logs import configure_logs
from graph.transports import revocation
from tests.graph.test_websocket import talk
from tests.graph.test_websocket import token as socket_token
from tests.graph_scene import Person
from tests.oauth_scene import DEVICE_CODE, OAuthScene


async def _sign_out(oauth: OAuthScene, person: Person) -> None:
    async with oauth.graph.runtime.work() as work:
        await sign_out(work, viewer=person.viewer)


async def test_a_code_counts_no_more_once_who_approved_it_was_signed_out(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    code = await oauth.code(client, person)
    await _sign_out(oauth, person)
    assert (await oauth.redeem(client, code)).json()["error"] == "invalid_grant"
    assert await oauth.graph.count(f"oauth_grants WHERE client_id = '{client.id}'") == 0


async def test_a_television_is_not_let_in_once_who_approved_it_was_signed_out(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client(ClientKind.TV)).client
    started = await oauth.graph.client.post(f"{oauth.issuer}/oauth/device", data={"client_id": client.id})
    approved = await oauth.post("/oauth/device/approve", {"userCode": started.json()["user_code"]}, person)
    assert approved.status_code == 204
    await _sign_out(oauth, person)
    form = {"grant_type": DEVICE_CODE, "client_id": client.id, "device_code": started.json()["device_code"]}
    assert (await oauth.token(form)).json()["error"] == "invalid_grant"


async def test_what_was_redeemed_outlives_the_sign_in_that_approved_it(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    await _sign_out(oauth, person)
    assert await oauth.who(tokens["access_token"]) is not None
    assert (await oauth.refresh(client, tokens["refresh_token"])).status_code == 200


async def test_a_childs_profile_lets_nobody_in_as_its_parents(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    async with oauth.graph.runtime.work() as work:
        child = ProfileId(work.new_id())
        await work.connection.execute(
            text(
                "INSERT INTO profiles (id, account_id, name, language, maturity_limit, created_at)"
                " VALUES (:id, :account_id, 'Child', 'en', 6, now())"
            ),
            {"id": child, "account_id": person.viewer.account_id},
        )
        await work.connection.execute(
            text("UPDATE sign_ins SET profile_id = :child WHERE id = :id"),
            {"child": child, "id": person.viewer.sign_in_id},
        )
    await oauth.tokens(client, person)
    held = f"sign_ins JOIN oauth_grants ON sign_in_id = id WHERE client_id = '{client.id}' AND profile_id"
    assert await oauth.graph.count(f"{held} = '{child}'") == 1
    assert await oauth.graph.count(f"{held} <> '{child}'") == 0


async def test_a_client_changes_no_credentials_although_its_person_has_just_signed_in(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    query = 'mutation { startTotp(input: {label: "Ada"}) { __typename } }'
    for token, expected in ((person.token, "TotpStarted"), (tokens["access_token"], "ConfirmationRequired")):
        answer = await oauth.graph.client.post(
            f"{oauth.issuer}/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"}
        )
        assert answer.json()["data"]["startTotp"]["__typename"] == expected
    confirmed = await oauth.graph.client.post(
        f"{oauth.issuer}/session/confirm",
        json={"password": "whatever it is"},
        headers={"authorization": f"Bearer {tokens['access_token']}"},
    )
    assert confirmed.json()["code"] == "CONFIRMATION_REQUIRED"


async def test_a_client_learns_the_address_only_with_its_scope(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    for scope, is_told in (("watch", False), ("email watch", True)):
        tokens = await oauth.tokens(client, person, scope=scope)
        query = "{ viewer { email } }"
        answer = await oauth.graph.client.post(
            f"{oauth.issuer}/graphql",
            json={"query": query},
            headers={"authorization": f"Bearer {tokens['access_token']}"},
        )
        assert (answer.json()["data"]["viewer"]["email"] is not None) is is_told


async def test_a_client_that_watches_fetches_no_export_of_everything(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    runtime = oauth.graph.runtime
    export = await request_export(runtime.desk(), viewer=person.viewer, format="JSON")
    async with runtime.work() as work:
        written = await write_export(work, export_id=export.id, data=(), keyring=runtime.keyring)
        assert written is not None
        await runtime.objects.put(*written)
        await finish_export(work, export_id=export.id, is_ready=True)
    tokens = await oauth.tokens(client, person)
    url = f"{oauth.issuer}/account/exports/{export_token(runtime.keyring, export)}"
    for token, status in ((person.token, 200), (tokens["access_token"], 404)):
        answer = await oauth.graph.client.get(url, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == status


async def test_a_service_with_the_scope_works_by_its_roles(oauth: OAuthScene) -> None:
    service = await oauth.service(Scope.WATCH, Scope.STAFF)
    assert service.secret is not None
    for scope, expected in (("watch staff", False), ("watch", True)):
        tokens = await oauth.token(
            {"grant_type": "client_credentials", "scope": scope}, auth=(service.client.id, service.secret)
        )
        asked = await oauth.graph.client.post(
            f"{oauth.issuer}/graphql",
            json={"query": "{ auditLog(first: 1) { nodes { at } } }"},
            headers={"authorization": f"Bearer {tokens.json()['access_token']}"},
        )
        assert ("errors" in asked.json()) is expected


async def test_a_client_that_proves_itself_names_no_other(oauth: OAuthScene) -> None:
    person, mine, other = await oauth.graph.person(), await oauth.client(is_confidential=True), await oauth.client()
    assert mine.secret is not None
    tokens = await oauth.tokens(other.client, person)
    form = {"client_id": other.client.id, "token": tokens["refresh_token"], "refresh_token": tokens["refresh_token"]}
    for door in ("revoke", "token", "introspect"):
        refused = await oauth.graph.client.post(
            f"{oauth.issuer}/oauth/{door}",
            data={**form, "grant_type": "refresh_token"},
            auth=(mine.client.id, mine.secret),
        )
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert await oauth.who(tokens["access_token"]) is not None


async def test_the_race_for_a_code_catches_a_twin_that_does_not_hold_it(
    oauth: OAuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(connection: AsyncConnection, code_hash: bytes) -> AuthorizationCode | None:
        row = (
            await connection.execute(select(authorization_codes).where(authorization_codes.c.code_hash == code_hash))
        ).one_or_none()
        # Everybody has looked before anybody writes.
        await asyncio.sleep(0.05)
        if row is None:
            return None
        return AuthorizationCode(
            row.code_hash, row.client_id, row.redirect_uri, _scopes(row.scopes), row.code_challenge, row.nonce,
            row.expires_at, _approval(row), row.grant_id,
        )  # fmt: skip

    person, client = await oauth.graph.person(), (await oauth.client()).client
    monkeypatch.setattr(authorization_store, "lock_code", look)
    code = await oauth.code(client, person)
    answers = await asyncio.gather(*(oauth.redeem(client, code) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) != [200, 400, 400, 400]


async def test_tokens_of_a_fresh_process_are_all_read_although_they_come_at_once(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    oauth.graph.app.state.access_tokens = AccessTokens(issuer=oauth.issuer)
    seen = await asyncio.gather(*(oauth.who(tokens["access_token"]) for _ in range(20)))
    assert None not in seen


async def test_used_tokens_and_codes_that_ran_out_are_forgotten(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    newest = (await oauth.refresh(client, tokens["refresh_token"])).json()
    oauth.graph.clock.advance(49 * 3600)
    async with oauth.graph.runtime.work() as work:
        assert await prune_refresh_tokens(work, limit=1000) >= 1
        assert await prune_codes(work, limit=1000) >= 1
        assert await prune_refresh_tokens(work, limit=1000) == 0
    # Whoever comes with the forgotten one is refused, and harms nobody.
    assert (await oauth.refresh(client, tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await oauth.refresh(client, newest["refresh_token"])).status_code == 200


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """What is written when logs are as chatty as can be, for one test."""
    handlers, level, before = logging.root.handlers[:], logging.root.level, structlog.get_config()
    stream = StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs(Settings(log_format="json", log_level="debug"))
    # The server of these tests is uvicorn with its own defaults; `marquee serve` turns this logger off.
    monkeypatch.setattr(logging.getLogger("uvicorn.access"), "disabled", True)
    yield stream
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.configure(**before)


async def test_no_log_shows_a_token_however_chatty_it_is(oauth: OAuthScene, written: StringIO) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    code = await oauth.code(client, person)
    tokens = (await oauth.redeem(client, code)).json()
    renewed = (await oauth.refresh(client, tokens["refresh_token"])).json()
    shown = written.getvalue()
    assert "/oauth/token" in shown
    secrets = [code, *(found[name] for found in (tokens, renewed) for name in ("access_token", "refresh_token"))]
    assert not [secret for secret in secrets if secret in shown]


async def test_what_is_open_under_a_clients_token_stays_open_until_the_grant_ends(oauth: OAuthScene) -> None:
    editor, client = await oauth.graph.editor(), (await oauth.client()).client
    # Without its roles it is another viewer than the sign-in's, and none that changed.
    tokens = await oauth.tokens(client, editor)
    holder = Person(editor.viewer, tokens["access_token"])
    async with talk(oauth.graph) as socket:
        await socket.open(**socket_token(holder))
        await revocation._check(oauth.graph.app.state.streams, oauth.graph.runtime)
        await socket.subscribe("1", "{viewer{id}}")
        assert (await socket.hear())["type"] == "next"
        form = {"client_id": client.id, "token": tokens["refresh_token"]}
        assert (await oauth.graph.client.post(f"{oauth.issuer}/oauth/revoke", data=form)).status_code == 200
        await revocation._check(oauth.graph.app.state.streams, oauth.graph.runtime)
        assert await socket.closed() == 4403


async def test_a_programs_key_is_nobody_at_a_browser(oauth: OAuthScene) -> None:
    client = (await oauth.client()).client
    administrator = await oauth.graph.person(Role.ADMINISTRATOR)
    async with oauth.graph.runtime.work() as work:
        service = await create_service_account(
            work, viewer=administrator.viewer, name="Robot", roles=frozenset({Role.EDITOR})
        )
        made = await create_api_key(work, viewer=administrator.viewer, account_id=service.id, name="Key", lasts_days=1)
    response = await oauth.graph.client.get(
        f"{oauth.issuer}/oauth/authorize",
        params={**oauth.asked(client), "again": "1"},
        headers={"cookie": f"marquee={made.secret}"},
    )
    assert response.headers["location"].startswith("/sign-in?")


async def test_a_client_manages_the_account_only_when_it_was_let_in_to(oauth: OAuthScene) -> None:
    person = await oauth.graph.person()
    client = (await oauth.client(scopes=frozenset({Scope.WATCH, Scope.ACCOUNT}))).client
    fields = ("devices { id }", "signIns { id }", "exports { state }", "credentials { hasPassword }")
    for scope, is_let_in in (("watch", False), ("account watch", True)):
        holder = Person(person.viewer, (await oauth.tokens(client, person, scope=scope))["access_token"])
        for field in fields:
            answer = await oauth.graph.ask(f"{{ viewer {{ {field} }} }}", by=holder)
            codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
            assert codes == ([] if is_let_in else ["ACCOUNT_SCOPE_REQUIRED"]), field
        # Who watches, and as whom, is known to a client that watches for somebody.
        shown = await oauth.graph.ask("{ viewer { displayName profile { id } profiles { id name } } }", by=holder)
        assert "errors" not in shown


async def test_a_client_that_watches_changes_nothing_of_the_account(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    acting = await oauth.graph.app.state.access_tokens.viewer(oauth.graph.runtime.reads(), tokens["access_token"])
    assert acting is not None
    with pytest.raises(AccountScopeRequired):
        await create_profile(oauth.graph.runtime.desk(), viewer=acting, change=ProfileChange(name="Mine"), pin=None)
    async with oauth.graph.runtime.work() as work:
        with pytest.raises(AccountScopeRequired):
            await sign_out_everywhere(work, viewer=acting, keeps_this=True)
        with pytest.raises(AccountScopeRequired):
            await end_sign_in(work, viewer=acting, sign_in_id=person.viewer.sign_in_id)
        with pytest.raises(AccountScopeRequired):
            await remove_device(work, viewer=acting, device_id=person.viewer.device_id)
        with pytest.raises(AccountScopeRequired):
            await rename_device(work, viewer=acting, device_id=person.viewer.device_id, name="Mine")
        # It may leave itself.
        await end_sign_in(work, viewer=acting, sign_in_id=acting.sign_in_id)
    assert await oauth.who(tokens["access_token"]) is None
    assert (await oauth.graph.ask("{ viewer { id } }", by=person))["data"]["viewer"] is not None
