"""Authorization codes with proof keys: the whole way, and everything that bends it."""

from graph.global_ids import Kind, global_id
from tests.oauth_scene import REDIRECT, OAuthScene, sent_back


async def test_a_client_of_ours_is_let_in_without_asking_and_acts_for_who_is_signed_in(oauth: OAuthScene) -> None:
    person, client = await oauth.graph.person(), (await oauth.client()).client
    response = await oauth.authorize(oauth.asked(client), person)
    assert response.headers["location"].startswith(f"{REDIRECT}?")
    back = sent_back(response)
    assert {**back, "code": ""} == {"code": "", "state": "a state", "iss": oauth.issuer}
    answer = await oauth.redeem(client, back["code"])
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    tokens = answer.json()
    assert set(tokens) == {"access_token", "token_type", "expires_in", "refresh_token", "scope", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 600, "openid watch")
    assert await oauth.who(tokens["access_token"]) == global_id(Kind.VIEWER, person.viewer.account_id)
