"""Signing in with outside providers, against a real one: npm's oidc-provider."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit
from uuid import uuid4

import httpx
import pytest

from domain.settings import OidcProvider
from edge.identity_providers import IdentityProviders
from tests.conftest import ScratchDatabases
from tests.graph import npm_packages
from tests.graph_scene import Person
from tests.oauth_scene import OAuthScene, open_oauth_scene

NPM = Path(__file__).parents[1] / "npm"
CLIENT, SECRET = "marquee", "a secret of at least 32 characters"
START_TIMEOUT_S = 30.0
STEPS_MAX = 12


class Browser:
    """A browser with its cookies, which it sends where a real one would."""

    def __init__(self, oauth: OAuthScene) -> None:
        self.oauth = oauth
        self.ours = httpx.AsyncClient(base_url=oauth.issuer)
        self.theirs = httpx.AsyncClient()

    async def begin(self, by: Person | None = None, **query: str) -> httpx.Response:
        headers = {"sec-fetch-site": "same-origin", **(self.oauth.cookies(by) if by else {})}
        return await self.ours.get("/session/oidc/example", params=query, headers=headers)

    async def at_provider(self, location: str, name: str) -> str:
        """Sign in at the provider as somebody, and return where it sends the browser back to."""
        response = await self.theirs.get(location)
        for _ in range(STEPS_MAX):
            location = urljoin(str(response.url), response.headers.get("location", ""))
            if response.is_redirect and location.startswith(self.oauth.issuer):
                return location
            if response.is_redirect:
                response = await self.theirs.get(location)
                continue
            action = re.search(r'action="([^"]+)"', response.text)
            assert action is not None, response.text
            form = {"prompt": "login", "login": name, "password": "any"}
            response = await self.theirs.post(urljoin(str(response.url), action[1]), data=form)
        raise AssertionError("the provider never sends anybody back")

    async def come_back(self, location: str) -> httpx.Response:
        """Follow the provider's redirect: from another site, so only the cookie of the journey is sent along."""
        kept = {name: value for name, value in self.ours.cookies.items() if name == "marquee-oidc"}
        cookie = "; ".join(f"{name}={value}" for name, value in kept.items())
        async with httpx.AsyncClient() as fresh:
            response = await fresh.get(location, headers={"cookie": cookie, "sec-fetch-site": "cross-site"})
        self.ours.cookies.update(response.cookies)
        return response

    async def sign_in(self, name: str, by: Person | None = None, **query: str) -> httpx.Response:
        begun = await self.begin(by, **query)
        assert begun.status_code == 303, begun.text
        return await self.come_back(await self.at_provider(begun.headers["location"], name))

    async def who(self) -> dict[str, Any] | None:
        answer = await self.ours.post(
            "/graphql",
            json={"query": "{ viewer { displayName territory profiles { language } } }"},
            headers={"origin": self.oauth.issuer, "cookie": f"marquee={self.ours.cookies.get('marquee', '')}"},
        )
        found: dict[str, Any] | None = answer.json()["data"]["viewer"]
        return found


@pytest.fixture(scope="module")
async def outside(
    scratch_databases: ScratchDatabases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[OAuthScene]:
    """An application that knows a provider, and the provider."""
    npm_packages.install(NPM)
    async with open_oauth_scene(await scratch_databases.create(), tmp_path_factory.mktemp("outside")) as oauth:
        process = await npm_packages.start(
            "provider.mjs", CLIENT, SECRET, f"{oauth.issuer}/session/oidc/example/callback", here=NPM
        )
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            async with asyncio.timeout(START_TIMEOUT_S):
                line = await process.stdout.readline()
            assert line, (await process.stderr.read()).decode()
            provider = OidcProvider(
                "example", "Example", f"http://localhost:{json.loads(line)['port']}", CLIENT, SECRET
            )
            know(oauth, provider)
            yield oauth
        finally:
            process.kill()
            await process.wait()


def know(oauth: OAuthScene, *providers: OidcProvider) -> None:
    """Let the application know these providers."""
    oauth.graph.app.state.identity_providers = IdentityProviders(
        replace(oauth.graph.runtime.settings, oidc_providers=providers)
    )


@pytest.fixture
async def browser(outside: OAuthScene) -> AsyncIterator[Browser]:
    opened = Browser(outside)
    yield opened
    await opened.ours.aclose()
    await opened.theirs.aclose()


def somebody(kind: str = "proved") -> str:
    return f"{kind}-{uuid4().hex[:8]}"


def problem(response: httpx.Response) -> str:
    assert response.status_code == 303, response.text
    parts = urlsplit(response.headers["location"])
    assert parts.path == "/sign-in"
    return parse_qs(parts.query)["problem"][0]


async def test_the_page_learns_which_providers_there_are(outside: OAuthScene, browser: Browser) -> None:
    assert (await browser.ours.get("/session/providers")).json() == [{"id": "example", "name": "Example"}]


async def test_somebody_signs_up_and_in_again_with_a_provider(outside: OAuthScene, browser: Browser) -> None:
    name = somebody()
    first = await browser.sign_in(name, territory="AT", next="/titles")
    assert (first.status_code, first.headers["location"]) == (303, "/titles")
    assert await browser.who() == {
        "displayName": f"Name of {name}", "territory": "AT", "profiles": [{"language": "de-AT"}]
    }  # fmt: skip
    accounts = await outside.graph.count("accounts")
    again = Browser(outside)
    back = await again.sign_in(name)
    assert back.headers["location"] == "/"
    assert (await again.who()) == (await browser.who())
    assert await outside.graph.count("accounts") == accounts
    # The journey is over: nobody comes back the same way twice.
    assert any(cookie.startswith('marquee-oidc=""; ') for cookie in back.headers.get_list("set-cookie"))


async def test_a_provider_proves_one_factor_only(outside: OAuthScene, browser: Browser) -> None:
    await browser.sign_in(somebody(), territory="DE")
    factors = await outside.graph.count("sign_ins WHERE factors = '{fed}'")
    assert factors >= 1


async def test_a_new_person_has_to_say_where_they_are(outside: OAuthScene, browser: Browser) -> None:
    before = await outside.graph.count("accounts")
    assert problem(await browser.sign_in(somebody())) == "TERRITORY_NEEDED"
    assert problem(await browser.sign_in(somebody(), territory="Germany")) == "INVALID_INPUT"
    assert await outside.graph.count("accounts") == before


@pytest.mark.parametrize("kind", ["unproved", "silent"])
async def test_an_address_the_provider_does_not_vouch_for_makes_no_account(
    outside: OAuthScene, browser: Browser, kind: str
) -> None:
    before = (await outside.graph.count("accounts"), await outside.graph.count("identities"))
    assert problem(await browser.sign_in(somebody(kind), territory="DE")) == "EMAIL_UNPROVED"
    assert (await outside.graph.count("accounts"), await outside.graph.count("identities")) == before
    assert await browser.who() is None


async def _person_with(outside: OAuthScene, name: str) -> Person:
    """Somebody who has an account here with the address that the provider knows them by."""
    from sqlalchemy import text

    person = await outside.graph.person()
    async with outside.graph.runtime.work() as work:
        await work.connection.execute(
            text("UPDATE accounts SET email = :email WHERE id = :id"),
            {"email": f"{name.upper()}@people.example", "id": person.viewer.account_id},
        )
    return person


async def test_an_account_is_never_entered_by_its_address(outside: OAuthScene, browser: Browser) -> None:
    name = somebody()
    await _person_with(outside, name)
    assert problem(await browser.sign_in(name, territory="DE")) == "ACCOUNT_EXISTS"
    assert await browser.who() is None
    assert await outside.graph.count(f"identities WHERE subject = '{name}'") == 0


async def test_its_owner_links_the_two_and_signs_in_with_either(outside: OAuthScene, browser: Browser) -> None:
    name = somebody()
    person = await _person_with(outside, name)
    done = await browser.sign_in(name, person, link="1", next="/settings")
    assert (done.status_code, done.headers["location"]) == (303, "/settings")
    # Linking signs nobody in: the session stays the one it was.
    assert "marquee" not in browser.ours.cookies
    listed = await browser.ours.get("/session/identities", headers=outside.cookies(person))
    assert [(found["id"], found["name"]) for found in listed.json()] == [("example", "Example")]
    assert (await Browser(outside).sign_in(name)).headers["location"] == "/"
    other = await outside.graph.person()
    assert problem(await Browser(outside).sign_in(name, other, link="1")) == "IDENTITY_TAKEN"
    gone = await outside.post("/session/oidc/example/unlink", {}, person)
    assert gone.status_code == 200
    assert problem(await Browser(outside).sign_in(name)) == "ACCOUNT_EXISTS"


async def test_linking_needs_a_recent_proof_and_our_own_page(outside: OAuthScene, browser: Browser) -> None:
    person = await outside.graph.person()
    assert (await browser.begin(link="1")).status_code == 401
    headers = {"sec-fetch-site": "cross-site", **outside.cookies(person)}
    foreign = await browser.ours.get("/session/oidc/example", params={"link": "1"}, headers=headers)
    assert (foreign.status_code, foreign.json()["code"]) == (403, "FOREIGN_ORIGIN")
    outside.graph.clock.advance(601)
    late = await browser.begin(person, link="1")
    assert late.json()["code"] == "CONFIRMATION_REQUIRED"
    unlinked = await outside.post("/session/oidc/example/unlink", {}, person)
    assert unlinked.json()["code"] == "CONFIRMATION_REQUIRED"


async def test_an_answer_counts_in_the_browser_that_asked_and_once(outside: OAuthScene, browser: Browser) -> None:
    name = somebody()
    begun = await browser.begin(territory="DE")
    location = await browser.at_provider(begun.headers["location"], name)
    # An attacker's own answer, put into somebody else's browser.
    stranger = Browser(outside)
    assert problem(await stranger.come_back(location)) == "SIGN_IN_FAILED"
    await stranger.begin(territory="DE")
    assert problem(await stranger.come_back(location)) == "PROVIDER_FAILED"
    assert problem(await browser.come_back(location.replace("state=", "state=x"))) == "PROVIDER_FAILED"
    assert await outside.graph.count(f"identities WHERE subject = '{name}'") == 0


async def test_a_journey_ends_after_ten_minutes(outside: OAuthScene, browser: Browser) -> None:
    begun = await browser.begin(territory="DE")
    location = await browser.at_provider(begun.headers["location"], somebody())
    outside.graph.clock.advance(601)
    assert problem(await browser.come_back(location)) == "SIGN_IN_FAILED"


async def test_another_issuer_in_the_answer_is_a_mix_up(outside: OAuthScene, browser: Browser) -> None:
    begun = await browser.begin(territory="DE")
    location = await browser.at_provider(begun.headers["location"], somebody())
    assert "iss=" in location
    mixed = re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Fevil.example", location)
    assert problem(await browser.come_back(mixed)) == "PROVIDER_FAILED"


async def test_a_person_who_says_no_comes_back_with_a_problem(outside: OAuthScene, browser: Browser) -> None:
    begun = await browser.begin()
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    back = await browser.come_back(f"{outside.issuer}/session/oidc/example/callback?error=access_denied&state={state}")
    assert problem(back) == "PROVIDER_FAILED"


@pytest.mark.parametrize(
    "next_path", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nb", "/ä"]
)
async def test_the_way_back_leads_to_our_page_only(outside: OAuthScene, browser: Browser, next_path: str) -> None:
    refused = await browser.begin(next=next_path)
    assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_INPUT")


async def test_a_provider_nobody_knows_is_not_found(outside: OAuthScene, browser: Browser) -> None:
    assert (await browser.ours.get("/session/oidc/nobody")).status_code == 404
    back = await browser.come_back(f"{outside.issuer}/session/oidc/nobody/callback?code=x&state=y")
    assert problem(back) == "NOT_FOUND"


async def test_a_provider_that_is_away_or_another_one_is_told_as_a_problem(
    outside: OAuthScene, browser: Browser
) -> None:
    known = outside.graph.app.state.identity_providers
    (provider,) = known.all()
    try:
        for issuer in ("http://localhost:9", f"{provider.issuer}/", outside.issuer + "/nothing"):
            know(outside, replace(provider, issuer=issuer))
            answer = await browser.begin()
            assert answer.json()["code"] == "PROVIDER_FAILED"
    finally:
        outside.graph.app.state.identity_providers = known
