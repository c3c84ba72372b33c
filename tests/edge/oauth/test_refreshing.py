"""Refresh tokens: rotated, told again for a moment, and the end of everything when they come a second time."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.authorization import ClientKind
from domain.authorization import store as authorization_store
from domain.authorization.grant import RefreshToken
from domain.authorization.store.tables import refresh_tokens
from domain.kernel.crypto import Keyring
from tests.oauth_scene import OAuthScene

AT_ONCE = 8


async def test_a_refresh_token_gives_the_next_one_and_tokens(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    seen = {tokens["refresh_token"]}
    for _ in range(3):
        tokens = (await oauth.refresh(client, tokens["refresh_token"])).json()
        assert await oauth.who(tokens["access_token"]) is not None
        seen.add(tokens["refresh_token"])
    assert len(seen) == 4
    assert tokens["scope"] == "openid watch"


async def test_a_lost_reply_signs_nobody_out(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    lost = (await oauth.refresh(client, tokens["refresh_token"])).json()
    oauth.graph.clock.advance(29)
    again = (await oauth.refresh(client, tokens["refresh_token"])).json()
    assert again["refresh_token"] == lost["refresh_token"]
    assert (await oauth.refresh(client, again["refresh_token"])).status_code == 200


async def test_a_token_that_comes_again_after_the_grace_ends_the_grant(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    newer = (await oauth.refresh(client, tokens["refresh_token"])).json()
    oauth.graph.clock.advance(31)
    refused = await oauth.refresh(client, tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert (await oauth.refresh(client, newer["refresh_token"])).json()["error"] == "invalid_grant"
    assert await oauth.who(newer["access_token"]) is None
    # Whoever is signed in on the page stays so.
    assert (await oauth.authorize(oauth.asked(client), person)).status_code == 303


async def test_a_token_whose_successor_was_used_ends_the_grant_even_within_the_grace(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    first = await oauth.tokens(client, person)
    second = (await oauth.refresh(client, first["refresh_token"])).json()
    third = (await oauth.refresh(client, second["refresh_token"])).json()
    assert (await oauth.refresh(client, first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await oauth.refresh(client, third["refresh_token"])).json()["error"] == "invalid_grant"
    assert await oauth.who(third["access_token"]) is None


async def _refresh_at_once(oauth: OAuthScene) -> tuple[list[int], set[str], int]:
    """Refresh with one token many times at once; return the statuses, the successors, and how many are kept."""
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    answers = await asyncio.gather(
        *(oauth.refresh(client, tokens["refresh_token"]) for _ in range(AT_ONCE)), return_exceptions=True
    )
    told: list[Any] = [answer for answer in answers if not isinstance(answer, BaseException)]
    statuses = sorted(answer.status_code for answer in told)
    given = {answer.json()["refresh_token"] for answer in told if answer.status_code == 200}
    kept = await oauth.graph.count(
        "refresh_tokens JOIN oauth_grants ON sign_in_id = grant_id"
        f" WHERE client_id = '{client.id}' AND predecessor_hash IS NOT NULL"
    )
    return statuses, given, kept


async def test_many_refreshes_at_once_get_one_successor_and_stay_signed_in(oauth: OAuthScene) -> None:
    for _ in range(5):
        statuses, given, kept = await _refresh_at_once(oauth)
        assert statuses == [200] * AT_ONCE
        assert (len(given), kept) == (1, 1)


async def test_the_race_catches_a_twin_that_does_not_hold_the_token(
    oauth: OAuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look(connection: AsyncConnection, token_hash: bytes) -> RefreshToken | None:
        found = (
            await connection.execute(select(refresh_tokens).where(refresh_tokens.c.token_hash == token_hash))
        ).one_or_none()
        # Everybody has looked before anybody writes.
        await asyncio.sleep(0.05)
        if found is None:
            return None
        return RefreshToken(found.token_hash, UUID(str(found.grant_id)), found.issued_at, found.used_at, None, False)

    monkeypatch.setattr(authorization_store, "lock_refresh_token", look)
    statuses, _, _ = await _refresh_at_once(oauth)
    assert statuses != [200] * AT_ONCE


async def test_another_client_can_do_nothing_with_a_refresh_token(oauth: OAuthScene) -> None:
    person = await oauth.graph.person()
    client, other = (await oauth.client()).client, (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    assert (await oauth.refresh(other, tokens["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await oauth.refresh(client, tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("token", ["", "A" * 43, "A" * 42, "ä" * 43, "a.b.c", "A" * 5000])
async def test_a_refresh_token_of_nobody_is_refused(oauth: OAuthScene, token: str) -> None:
    client = (await oauth.client()).client
    refused = await oauth.refresh(client, token)
    assert (refused.status_code, "access_token" in refused.text) == (400, False)


async def test_a_grant_ends_at_its_time_however_often_it_was_renewed(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    for _ in range(2):
        oauth.graph.clock.advance(14 * 24 * 3600)
        tokens = (await oauth.refresh(client, tokens["refresh_token"])).json()
    oauth.graph.clock.advance(2 * 24 * 3600)
    refused = await oauth.refresh(client, tokens["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"


async def test_a_device_that_was_not_used_for_months_has_to_be_let_in_again(oauth: OAuthScene) -> None:
    person = await oauth.graph.person()
    client = (await oauth.client(ClientKind.MOBILE, redirect_uris=("https://app.example/in",))).client
    tokens = await oauth.tokens(client, person)
    oauth.graph.clock.advance(91 * 24 * 3600)
    assert (await oauth.refresh(client, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_signing_the_device_out_ends_its_tokens_at_once(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    out = await oauth.graph.client.delete(
        f"{oauth.issuer}/session", headers={"authorization": f"Bearer {tokens['access_token']}"}
    )
    assert out.status_code == 204
    assert await oauth.who(tokens["access_token"]) is None
    assert (await oauth.refresh(client, tokens["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_client_holds_so_many_grants_of_an_account_and_the_oldest_end(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    given = []
    for _ in range(21):
        given.append(await oauth.tokens(client, person))
        oauth.graph.clock.advance(1)
    seen = [await oauth.who(tokens["access_token"]) is not None for tokens in given]
    assert seen == [False] + [True] * 20


async def test_a_successor_is_told_again_after_the_master_key_was_rotated(
    oauth: OAuthScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    tokens = await oauth.tokens(client, person)
    first = (await oauth.refresh(client, tokens["refresh_token"])).json()
    rotated = Keyring({"new": b"n" * 32, "test": bytes(range(32))})
    monkeypatch.setattr(oauth.graph.runtime.keyring, "_keys", rotated._keys)
    monkeypatch.setattr(oauth.graph.runtime.keyring, "_current", "new")
    again = (await oauth.refresh(client, tokens["refresh_token"])).json()
    assert again["refresh_token"] == first["refresh_token"]
