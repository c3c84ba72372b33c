"""Signing up, by a password in, and choosing a new one: at the doors, with real mail in the mailbox."""

import asyncio
from typing import Any

import pytest

from domain.accounts.passwords import Cost, Passwords
from domain.settings import Settings
from edge.session.links import _sign_up_cookie
from graph.rates import Buckets
from tests.graph_scene import PUBLIC_URL
from tests.people_scene import PASSWORD, PeopleScene, fresh_email, sign_up_body


async def test_an_account_is_made_when_its_address_is_proved(people: PeopleScene) -> None:
    email = fresh_email()
    async with people.browser() as browser:
        response = await browser.post("sign-up", sign_up_body(email))
        assert (response.status_code, response.json()) == (202, {"next": "VERIFY_EMAIL"})
        assert await people.count("accounts") == 0
        token = await people.link_to(email)
        verified = await browser.post("verify", {"token": token})
        body = verified.json()
        assert (verified.status_code, body["next"], body["viewer"]["territory"]) == (200, None, "DE")
        assert await browser.name() == "Ada"
        again = await browser.post("verify", {"token": token})
        assert (again.status_code, again.json()["code"]) == (403, "LINK_EXPIRED")
    assert await people.rows("SELECT email, email_verified_at IS NOT NULL FROM accounts") == [(email, True)]
    assert await people.count("sign_ups") == 0


async def test_the_door_says_the_same_of_a_known_address_and_the_mail_does_not(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as stranger:
        email = await people.sign_up(browser)
        response = await stranger.post("sign-up", sign_up_body(email.upper(), password="another long secret"))
        assert (response.status_code, response.json()) == (202, {"next": "VERIFY_EMAIL"})
        (subject, body) = (await people.mails_to(f"{email.partition('@')[0].upper()}@example.com"))[-1]
        assert subject == "You already have an account"
        assert "token=" not in body
        assert (await browser.post("password", {"email": email, "password": PASSWORD})).status_code == 200
        refused = await stranger.post("password", {"email": email, "password": "another long secret"})
        assert refused.json()["code"] == "SIGN_IN_FAILED"
    assert await people.count("accounts") == 1


async def test_a_link_opened_elsewhere_needs_the_password_that_was_chosen(people: PeopleScene) -> None:
    """Somebody signs up with my address; I follow the link: no account with their password comes of it."""
    email = fresh_email()
    async with people.browser() as stranger, people.browser() as owner:
        await stranger.post("sign-up", sign_up_body(email))
        token = await people.link_to(email)
        asked = await owner.post("verify", {"token": token})
        assert (asked.status_code, asked.json()["code"]) == (403, "PASSWORD_REQUIRED")
        refused = await owner.post("verify", {"token": token, "password": "not that one at all"})
        assert (refused.status_code, refused.json()["code"]) == (403, "SIGN_IN_FAILED")
        assert await people.count("accounts") == 0
        assert (await owner.post("verify", {"token": token, "password": PASSWORD})).status_code == 200
        assert await people.count("accounts") == 1


async def test_nothing_kept_opens_a_link(people: PeopleScene) -> None:
    email = fresh_email()
    async with people.browser() as browser:
        await browser.post("sign-up", sign_up_body(email))
        token = await people.link_to(email)
        await people.rows("SELECT 1")
        kept = await people.rows(
            "SELECT email_links::text FROM email_links UNION ALL SELECT sign_ups::text FROM sign_ups"
            " UNION ALL SELECT pgqueuer_log::text FROM pgqueuer_log UNION ALL SELECT convert_from(payload, 'UTF8')"
            " FROM pgqueuer WHERE payload IS NOT NULL"
        )
        assert token not in str(kept)
        assert PASSWORD not in str(kept)
        for forged in (token[:-2] + "AA", token.swapcase(), "", "x" * 64, "ü" * 64, token + "A"):
            refused = await browser.post("verify", {"token": forged})
            assert refused.json()["code"] == "LINK_EXPIRED"


async def test_a_link_runs_out(people: PeopleScene) -> None:
    email = fresh_email()
    async with people.browser() as browser:
        await browser.post("sign-up", sign_up_body(email))
        token = await people.link_to(email)
        people.graph.clock.advance(24 * 3600 + 1)
        assert (await browser.post("verify", {"token": token})).json()["code"] == "LINK_EXPIRED"
    assert await people.count("accounts") == 0


async def test_an_unknown_address_and_a_wrong_password_look_alike(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
    async with people.browser() as stranger:
        answers = [
            await stranger.post("password", {"email": given, "password": "a wrong password"})
            for given in (email, fresh_email())
        ]
    assert answers[0].status_code == answers[1].status_code == 403
    assert answers[0].json() == answers[1].json()
    assert [answer.headers.get("set-cookie") for answer in answers] == [None, None]


async def test_guesses_are_counted_for_known_and_unknown_alike(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as stranger:
        email = await people.sign_up(browser)
        for given in (email, fresh_email()):
            codes = [
                (await stranger.post("password", {"email": given, "password": f"guess number {n}"})).json()["code"]
                for n in range(11)
            ]
            assert codes == ["SIGN_IN_FAILED"] * 10 + ["TOO_MANY_ATTEMPTS"]
        right = await stranger.post("password", {"email": email, "password": PASSWORD})
        # One comes back every ninety seconds; some have passed.
        assert right.status_code == 429
        assert 60 < int(right.headers["retry-after"]) <= 90
        # The owner's own browser has attempts of its own, which strangers do not use up.
        assert (await browser.post("password", {"email": email, "password": PASSWORD})).status_code == 200


async def test_a_new_password_ends_every_sign_in(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other, people.browser() as stranger:
        email = await people.sign_up(browser)
        assert (await other.post("password", {"email": email, "password": PASSWORD})).status_code == 200
        unknown = await stranger.post("forgot", {"email": fresh_email()})
        known = await stranger.post("forgot", {"email": email})
        assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (202, {})
        token = await people.link_to(email)
        reset = await stranger.post("reset", {"token": token, "password": "five shiny pebbles"})
        assert reset.status_code == 200
        assert [await browser.name(), await other.name(), await stranger.name()] == [None, None, "Ada"]
        assert (await stranger.post("reset", {"token": token, "password": "one more password"})).json()["code"] == (
            "LINK_EXPIRED"
        )
        old = await browser.post("password", {"email": email, "password": PASSWORD})
        assert old.json()["code"] == "SIGN_IN_FAILED"
        subjects = [subject for subject, _ in await people.mails_to(email)]
        assert subjects.count("Your password was changed") == 1


async def test_a_later_link_replaces_the_one_before(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        await browser.post("forgot", {"email": email})
        first = await people.link_to(email)
        await browser.post("forgot", {"email": email})
        await people.settled()
        assert (await browser.post("reset", {"token": first, "password": "five shiny pebbles"})).status_code == 403


async def test_a_link_to_reset_does_not_sign_up_and_the_other_way_round(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        await browser.post("forgot", {"email": email})
        reset = await people.link_to(email)
        assert (await browser.post("verify", {"token": reset})).json()["code"] == "LINK_EXPIRED"


async def test_the_owner_is_told_of_a_new_device_and_not_of_a_known_one(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        await browser.post("password", {"email": email, "password": PASSWORD})
        await other.post("password", {"email": email, "password": PASSWORD, "deviceName": "Kitchen tablet"})
        await other.post("password", {"email": email, "password": PASSWORD, "deviceName": "Kitchen tablet"})
        told = [body for subject, body in await people.mails_to(email) if subject == "A new device signed in"]
    assert len(told) == 1
    assert "Kitchen tablet" in told[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "nobody"),
        ("email", "a@[127.0.0.1]"),
        ("email", "a@b.de\r\nBcc: c@d.de"),
        ("email", None),
        ("password", "short"),
        ("password", "x" * 513),
        ("password", "aaaaaaaaaaaaaaaa"),
        ("password", "password123456"),
        ("password", "nul\u0000 in a password"),
        ("password", 1234567890),
        ("displayName", ""),
        ("displayName", "a\u202eb"),
        ("territory", "Germany"),
        ("language", "e" * 36),
        ("language", "<script>"),
    ],
)
async def test_a_sign_up_that_cannot_be_is_refused(people: PeopleScene, field: str, value: object) -> None:
    async with people.browser() as browser:
        response = await browser.post("sign-up", sign_up_body(fresh_email(), **{field: value}))
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_INPUT")
    assert response.json()["message"].startswith(f"{field}: ")
    assert await people.count("email_links") == 0
    assert await people.count("attempts") == 0


@pytest.mark.parametrize("door", ["sign-up", "verify", "password", "forgot", "reset"])
async def test_ten_megabytes_are_refused_before_they_are_read(people: PeopleScene, door: str) -> None:
    async with people.browser() as browser:
        body = sign_up_body(fresh_email(), password="x" * 10_000_000, token="x" * 10_000_000)
        response = await browser.post(door, body)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_INPUT")
    assert "16384 bytes" in response.json()["message"]


@pytest.mark.parametrize("door", ["sign-up", "verify", "password", "forgot", "reset"])
@pytest.mark.parametrize("body", [None, [], "x", 1, {}, {"email": {}, "password": [], "token": 7}])
async def test_a_body_of_another_shape_is_refused(people: PeopleScene, door: str, body: Any) -> None:
    async with people.browser() as browser:
        response = await browser.post(door, body)
    assert (response.status_code, response.json()["code"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("door", ["sign-up", "verify", "password", "forgot", "reset"])
async def test_a_foreign_page_gets_nothing(people: PeopleScene, door: str) -> None:
    async with people.browser() as browser:
        response = await browser.post(door, sign_up_body(fresh_email()), origin="https://evil.example")
        assert (response.status_code, response.json()["code"]) == (403, "FOREIGN_ORIGIN")
        form = await browser.client.post(
            f"{people.graph.url}/session/{door}", data={"email": "a@b.de"}, headers={"origin": PUBLIC_URL}
        )
        assert (form.status_code, form.json()["code"]) == (400, "INVALID_INPUT")


async def test_one_place_does_not_fill_mailboxes(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = fresh_email()
        codes = [(await browser.post("sign-up", sign_up_body(email))).status_code for _ in range(4)]
        assert codes == [202, 202, 202, 429]
        assert len(await people.mails_to(email)) == 3


async def test_the_mailbox_is_for_developers_at_our_own_names(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        url = f"{people.graph.url}/mailbox"
        page = await browser.client.get(url)
        assert page.status_code == 200
        assert f'<a href="{PUBLIC_URL}/verify?token=' in page.text
        assert [mail["to"] for mail in (await browser.client.get(f"{url}.json")).json()] == [email]
        rebound = await browser.client.get(url, headers={"host": "rebound.example"})
        assert rebound.status_code == 404


async def test_production_has_no_mailbox(production: Any) -> None:
    for path in ("/mailbox", "/mailbox.json"):
        assert (await production.client.get(f"{production.url}{path}")).status_code == 404


@pytest.mark.parametrize("name", ["a\u0000b", "\u202e", "   ", "\ud7ff\u0007"])
async def test_a_device_that_cannot_be_shown_signs_nobody_in(people: PeopleScene, name: str) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        before = await people.count("sign_ins")
        refused = await browser.post("password", {"email": email, "password": PASSWORD, "deviceName": name})
        assert (refused.status_code, refused.json()["code"]) == (400, "INVALID_INPUT")
        assert await people.count("sign_ins") == before


async def test_two_who_follow_one_link_at_once_make_one_account(people: PeopleScene) -> None:
    email = fresh_email()
    async with people.browser() as browser:
        await browser.post("sign-up", sign_up_body(email))
        token = await people.link_to(email)
        answers = await asyncio.gather(*(browser.post("verify", {"token": token}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7
    assert await people.count("accounts") == 1


async def test_two_links_for_one_address_make_one_account(people: PeopleScene) -> None:
    email = fresh_email()
    async with people.browser() as browser, people.browser() as other:
        await browser.post("sign-up", sign_up_body(email))
        first = await people.link_to(email)
        await other.post("sign-up", sign_up_body(email))
        second = await people.link_to(email)
        assert (await browser.post("verify", {"token": first})).status_code == 200
        late = await other.post("verify", {"token": second})
        assert (late.status_code, late.json()["code"]) == (403, "EMAIL_TAKEN")
    assert await people.count("accounts") == 1


async def test_guesses_behind_many_addresses_are_counted_by_account(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as crowd:
        email = await people.sign_up(browser)
        statuses = []
        for n in range(12):
            body = {"email": email, "password": f"guess number {n}"}
            statuses.append((await crowd.post("password", body, **{"x-forwarded-for": f"192.0.2.{n}"})).status_code)
    assert statuses == [403] * 10 + [429] * 2


async def test_guesses_that_come_together_are_counted_one_by_one(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as stranger:
        email = await people.sign_up(browser)
        bodies = [{"email": email, "password": f"guess number {n}"} for n in range(25)]
        answers = await asyncio.gather(*(stranger.post("password", body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [403] * 10 + [429] * 15


async def test_a_hash_with_smaller_costs_is_made_again_at_the_next_sign_in(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        cheap = Passwords(cost=Cost(memory_kib=1024, passes=1, lanes=1))
        await people.execute("UPDATE passwords SET hash = :hash", hash=await cheap.hash(PASSWORD))
        cheap.close()
        assert (await browser.post("password", {"email": email, "password": PASSWORD})).status_code == 200
        ((encoded,),) = await people.rows("SELECT hash FROM passwords")
        assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert (await browser.post("password", {"email": email, "password": PASSWORD})).status_code == 200


async def test_when_too_many_hash_the_next_one_is_told_when_to_come_back(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        object.__setattr__(people.graph.runtime, "passwords", Passwords(threads=1, waiting_max=0))
        answers = await asyncio.gather(
            *(browser.post("password", {"email": email, "password": PASSWORD}) for _ in range(4))
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses[0] == 200
        assert statuses[-1] == 503
        (busy, *_) = [answer for answer in answers if answer.status_code == 503]
        assert (busy.json()["code"], busy.headers["retry-after"]) == ("UNAVAILABLE", "5")


def test_over_https_a_neighbouring_host_cannot_say_who_signed_up() -> None:
    assert _sign_up_cookie(Settings(public_url="https://marquee.example")) == "__Host-marquee-sign-up"


async def test_a_flood_from_one_network_does_not_reach_the_line(people: PeopleScene) -> None:
    people.graph.app.state.session_requests = Buckets(per_s=1, monotonic=lambda: 0.0)
    async with people.browser() as browser:
        body = {"email": fresh_email(), "password": PASSWORD}
        answers = [await browser.post("forgot", {"email": "nobody"}) for _ in range(10)]
        assert {answer.status_code for answer in answers} == {400}
        refused = await browser.post("password", body)
        assert (refused.status_code, refused.json()["code"]) == (429, "RATE_LIMITED")
    assert await people.count("attempts") == 0


async def test_even_its_owner_signs_an_account_in_only_so_often(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        await people.execute(
            "UPDATE attempts SET full_at = now() + interval '61 minutes' WHERE kind = 'sign_in.account'"
        )
        before = await people.count("sign_ins")
        refused = await browser.post("password", {"email": email, "password": PASSWORD})
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_ATTEMPTS")
        assert await people.count("sign_ins") == before
