"""Time codes and recovery codes: enrolled, asked for, used once, and counted; and what they guard."""

import asyncio
import base64
from typing import Any

import pytest

from domain.accounts.totp import code_at, step_at
from domain.kernel.crypto import Keyring
from tests.edge.passkey_phone import REMOVE as REMOVE_PASSKEY
from tests.edge.passkey_phone import add, phone
from tests.people_scene import PASSWORD, Browser, PeopleScene, fresh_email

START = """mutation { startTotp(input: {label: "ada@example.com"}) {
    __typename ... on TotpStarted { secret uri } ... on Problem { code } } }"""
CONFIRM = """mutation($code: String!) { confirmTotp(input: {code: $code}) {
    __typename ... on RecoveryCodes { codes } ... on Problem { code } } }"""
REMOVE = """mutation($since: DateTime!) { removeTotp(input: {since: $since}) {
    __typename ... on Problem { code } } }"""
MAKE_CODES = """mutation($left: Int!) { makeRecoveryCodes(input: {expectedLeft: $left}) {
    __typename ... on RecoveryCodes { codes } ... on Problem { code } } }"""
CREDENTIALS = """{ viewer { roles credentials {
    hasPassword totpSince recoveryCodesLeft hasSecondFactor passkeys { name } } } }"""
CHANGE_PASSWORD = """mutation($password: String!) { changePassword(input: {newPassword: $password}) {
    __typename ... on Problem { code } ... on InvalidInput { field } } }"""
CHANGE_EMAIL = """mutation($email: String!) { changeEmail(input: {email: $email}) {
    __typename ... on Problem { code } ... on InvalidInput { field } } }"""


class App:
    """An authenticator app."""

    def __init__(self, people: PeopleScene, secret: str) -> None:
        self.people = people
        self.secret = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(self, steps: int = 0) -> str:
        return code_at(self.secret, step_at(self.people.graph.clock()) + steps)

    def other_code(self) -> str:
        """A code that is not right in any step near now."""
        right = {self.code(steps) for steps in range(-2, 3)}
        return next(code for code in map(str, range(100000, 100010)) if code not in right)


async def enrol(people: PeopleScene, browser: Browser) -> tuple[App, list[str]]:
    """Set an authenticator app up; return it and the recovery codes. The step is over afterwards."""
    started = (await browser.ask(START))["startTotp"]
    app = App(people, started["secret"])
    confirmed = (await browser.ask(CONFIRM, code=app.code()))["confirmTotp"]
    assert confirmed["__typename"] == "RecoveryCodes", confirmed
    people.graph.clock.advance(30)
    return app, confirmed["codes"]


async def since(browser: Browser) -> str:
    """Since when the authenticator app is in use."""
    return str((await browser.ask(CREDENTIALS))["viewer"]["credentials"]["totpSince"])


async def challenge(browser: Browser, email: str) -> str:
    answer = (await browser.post("password", {"email": email, "password": PASSWORD})).json()
    assert answer["next"] == "SECOND_FACTOR", answer
    return str(answer["challenge"])


async def test_an_app_is_asked_for_once_it_has_shown_a_code(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        started = (await browser.ask(START))["startTotp"]
        assert started["uri"].startswith(f"otpauth://totp/Marquee%3Aada@example.com?secret={started['secret']}&")
        assert (await other.post("password", {"email": email, "password": PASSWORD})).json()["next"] is None
        app = App(people, started["secret"])
        wrong = await browser.ask(CONFIRM, code=app.other_code())
        assert wrong["confirmTotp"]["code"] == "CODE_WRONG"
        codes = (await browser.ask(CONFIRM, code=app.code()))["confirmTotp"]["codes"]
        assert len(set(codes)) == 10
        # The sign-in that was made without it is over; the one that enrolled it goes on.
        assert [await browser.name(), await other.name()] == ["Ada", None]
        answer = (await other.post("password", {"email": email, "password": PASSWORD})).json()
        assert (answer["next"], answer["methods"]) == ("SECOND_FACTOR", ["TOTP", "RECOVERY_CODE"])
        assert await other.name() is None
        people.graph.clock.advance(30)
        passed = await other.post("second-factor", {"challenge": answer["challenge"], "code": app.code()})
        assert (passed.status_code, passed.json()["next"]) == (200, None)
        assert await other.name() == "Ada"
        seen = (await other.ask(CREDENTIALS))["viewer"]["credentials"]
        assert (seen["hasPassword"], seen["recoveryCodesLeft"], seen["hasSecondFactor"]) == (True, 10, True)
        subjects = [subject for subject, _ in await people.mails_to(email)]
        assert subjects.count("A way to sign in was added") == 1


async def test_a_code_is_accepted_once(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        app, _ = await enrol(people, browser)
        code = app.code()
        first, second = await challenge(other, email), await challenge(other, email)
        assert (await other.post("second-factor", {"challenge": first, "code": code})).status_code == 200
        again = await other.post("second-factor", {"challenge": second, "code": code})
        assert (again.status_code, again.json()["code"]) == (403, "SIGN_IN_FAILED")
        used = await other.post("second-factor", {"challenge": first, "code": app.code(1)})
        assert used.json()["code"] == "CHALLENGE_EXPIRED"


@pytest.mark.parametrize(("steps", "status"), [(-2, 403), (-1, 200), (0, 200), (1, 200), (2, 403)])
async def test_a_clock_may_be_one_step_off(people: PeopleScene, steps: int, status: int) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        app, _ = await enrol(people, browser)
        people.graph.clock.advance(120)
        asked = await challenge(other, email)
        response = await other.post("second-factor", {"challenge": asked, "code": app.code(steps)})
        assert response.status_code == status


async def test_guesses_at_a_code_are_counted_over_all_challenges(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        app, codes = await enrol(people, browser)
        answers = []
        for _ in range(6):
            asked = await challenge(other, email)
            answers.append((await other.post("second-factor", {"challenge": asked, "code": app.other_code()})).json())
        assert [answer["code"] for answer in answers] == ["SIGN_IN_FAILED"] * 5 + ["TOO_MANY_ATTEMPTS"]
        for proof in ({"code": app.code()}, {"recoveryCode": codes[0]}):
            assert (await other.post("second-factor", {"challenge": asked, **proof})).status_code == 429


async def test_a_recovery_code_works_once_however_it_is_typed(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        _, codes = await enrol(people, browser)
        typed = codes[0].lower().replace("-", " ").replace("0", "o").replace("1", "l")
        asked = await challenge(other, email)
        assert (await other.post("second-factor", {"challenge": asked, "recoveryCode": typed})).status_code == 200
        asked = await challenge(other, email)
        again = await other.post("second-factor", {"challenge": asked, "recoveryCode": codes[0]})
        assert again.json()["code"] == "SIGN_IN_FAILED"
        assert (await other.ask(CREDENTIALS))["viewer"]["credentials"]["recoveryCodesLeft"] == 9
        (mail,) = [body for subject, body in await people.mails_to(email) if subject == "A recovery code was used"]
        assert "Codes left: 9" in mail
        stale = (await other.ask(MAKE_CODES, left=10))["makeRecoveryCodes"]
        assert stale["code"] == "STALE_VERSION"
        fresh = (await other.ask(MAKE_CODES, left=9))["makeRecoveryCodes"]["codes"]
        asked = await challenge(browser, email)
        old = await browser.post("second-factor", {"challenge": asked, "recoveryCode": codes[1]})
        assert old.json()["code"] == "SIGN_IN_FAILED"
        assert (await browser.post("second-factor", {"challenge": asked, "recoveryCode": fresh[1]})).status_code == 200


async def test_neither_secrets_nor_codes_are_kept_readable(people: PeopleScene) -> None:
    async with people.browser() as browser:
        await people.sign_up(browser)
        app, codes = await enrol(people, browser)
        kept = str(
            await people.rows("SELECT sealed::text FROM totp_secrets UNION SELECT code_hash::text FROM recovery_codes")
        )
        assert app.secret.hex() not in kept
        assert all(code.replace("-", "").encode().hex() not in kept for code in codes)


async def test_a_challenge_does_not_outlive_the_password_it_began_with(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as thief:
        email = await people.sign_up(browser)
        app, _ = await enrol(people, browser)
        asked = await challenge(thief, email)
        changed = await browser.ask(CHANGE_PASSWORD, password="five shiny pebbles")
        assert changed["changePassword"]["__typename"] == "PasswordChanged"
        late = await thief.post("second-factor", {"challenge": asked, "code": app.code()})
        assert late.json()["code"] == "CHALLENGE_EXPIRED"


async def test_a_challenge_runs_out(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        app, _ = await enrol(people, browser)
        asked = await challenge(other, email)
        people.graph.clock.advance(5 * 60)
        late = await other.post("second-factor", {"challenge": asked, "code": app.code()})
        assert late.json()["code"] == "CHALLENGE_EXPIRED"


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "ü" * 43, "x" * 10_000])
async def test_a_made_up_challenge_is_none(people: PeopleScene, token: str) -> None:
    async with people.browser() as browser:
        answer = await browser.post("second-factor", {"challenge": token, "code": "123456"})
        assert (answer.status_code, answer.json()["code"]) == (403, "CHALLENGE_EXPIRED")


@pytest.mark.parametrize(
    "proof", [{}, {"code": 123456}, {"code": None}, {"recoveryCode": []}, {"credential": "x"}, {"credential": None}]
)
async def test_a_proof_of_another_shape_is_refused(people: PeopleScene, proof: dict[str, Any]) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        await enrol(people, browser)
        asked = await challenge(browser, email)
        answer = await browser.post("second-factor", {"challenge": asked, **proof})
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("code", ["", "12345", "1234567", "١٢٣٤٥٦", "x" * 5_000, "-12345", "\u0000" * 6])
async def test_an_odd_code_is_a_wrong_one(people: PeopleScene, code: str) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        await enrol(people, browser)
        asked = await challenge(browser, email)
        for proof in ({"code": code}, {"recoveryCode": code}):
            answer = await browser.post("second-factor", {"challenge": asked, **proof})
            assert (answer.status_code, answer.json()["code"]) == (403, "SIGN_IN_FAILED")


async def test_credentials_change_only_after_a_fresh_proof(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        people.graph.clock.advance(601)
        for query, variables in (
            (START, {}), (CONFIRM, {"code": "123456"}), (MAKE_CODES, {"left": 0}),
            (REMOVE, {"since": "2030-01-01T12:00:00Z"}),
            (CHANGE_PASSWORD, {"password": "five shiny pebbles"}), (CHANGE_EMAIL, {"email": fresh_email()}),
        ):  # fmt: skip
            (refused,) = (await browser.ask(query, **variables)).values()
            assert refused["code"] == "CONFIRMATION_REQUIRED", query
        wrong = await browser.post("confirm", {"password": "not that one"})
        assert wrong.json()["code"] == "SIGN_IN_FAILED"
        assert (await browser.post("confirm", {"password": PASSWORD})).status_code == 204
        assert (await browser.ask(START))["startTotp"]["__typename"] == "TotpStarted"
        assert (await browser.post("password", {"email": email, "password": PASSWORD})).status_code == 200


async def test_who_has_a_second_factor_confirms_by_it(people: PeopleScene) -> None:
    async with people.browser() as browser:
        await people.sign_up(browser)
        app, _ = await enrol(people, browser)
        people.graph.clock.advance(601)
        refused = await browser.post("confirm", {"password": PASSWORD})
        assert (refused.status_code, refused.json()["code"]) == (403, "SECOND_FACTOR_REQUIRED")
        assert (await browser.post("confirm", {"code": app.code()})).status_code == 204
        assert (await browser.ask(REMOVE, since=await since(browser)))["removeTotp"]["__typename"] == "TotpRemoved"
        seen = (await browser.ask(CREDENTIALS))["viewer"]["credentials"]
        assert (seen["totpSince"], seen["recoveryCodesLeft"]) == (None, 0)


async def test_nobody_confirms_without_being_signed_in(people: PeopleScene) -> None:
    async with people.browser() as browser:
        answer = await browser.post("confirm", {"password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_IN_REQUIRED")


async def test_the_people_of_the_demo_have_nothing_to_change(people: PeopleScene) -> None:
    async with people.browser() as browser:
        assert (await browser.post("demo", {"persona": "EDITOR"})).json()["viewer"]["roles"] == ["EDITOR", "VIEWER"]
        assert (await browser.ask(START))["startTotp"]["code"] == "CONFIRMATION_REQUIRED"
        answer = await browser.post("confirm", {"password": PASSWORD})
        assert answer.json()["code"] == "CONFIRMATION_REQUIRED"


async def test_staff_have_their_roles_only_with_a_second_factor(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        await people.execute("UPDATE accounts SET roles = '{EDITOR,VIEWER}' WHERE email = :email", email=email)
        answer = (await browser.post("password", {"email": email, "password": PASSWORD})).json()
        assert (answer["next"], answer["viewer"]["roles"]) == ("ENROL_SECOND_FACTOR", ["VIEWER"])
        waiting = "{ viewer { roles needsSecondFactor } }"
        assert (await browser.raw(waiting))["data"]["viewer"] == {"roles": ["VIEWER"], "needsSecondFactor": True}
        audit = "{ auditLog(first: 1) { __typename } }"
        refused = await browser.raw(audit)
        assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        app, _ = await enrol(people, browser)
        all_of_them = {"roles": ["EDITOR", "VIEWER"], "needsSecondFactor": False}
        assert (await browser.raw(waiting))["data"]["viewer"] == all_of_them
        assert "errors" not in await browser.raw(audit)
        kept = await browser.ask(REMOVE, since=await since(browser))
        assert kept["removeTotp"]["code"] == "SECOND_FACTOR_MANDATORY"
        asked = await challenge(browser, email)
        passed = (await browser.post("second-factor", {"challenge": asked, "code": app.code()})).json()
        assert (passed["next"], passed["viewer"]["roles"]) == (None, ["EDITOR", "VIEWER"])


async def test_a_new_password_ends_the_other_sign_ins_and_not_this_one(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        await other.post("password", {"email": email, "password": PASSWORD})
        weak = (await browser.ask(CHANGE_PASSWORD, password="short"))["changePassword"]
        assert (weak["code"], weak["field"]) == ("INVALID_INPUT", "newPassword")
        assert [await browser.name(), await other.name()] == ["Ada", "Ada"]
        await browser.ask(CHANGE_PASSWORD, password="five shiny pebbles")
        assert [await browser.name(), await other.name()] == ["Ada", None]


async def test_a_new_address_is_proved_and_the_old_one_told(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as anywhere:
        old, new = await people.sign_up(browser), fresh_email()
        await browser.post("forgot", {"email": old})
        reset = await people.link_to(old)
        assert (await browser.ask(CHANGE_EMAIL, email=new))["changeEmail"]["__typename"] == "EmailChangeStarted"
        token = await people.link_to(new)
        assert await people.rows("SELECT email FROM accounts") == [(old,)]
        moved = await anywhere.post("verify", {"token": token})
        assert (moved.status_code, moved.json()) == (200, {"next": "EMAIL_CHANGED"})
        assert await anywhere.name() is None
        assert await people.rows("SELECT email FROM accounts") == [(new,)]
        assert (await people.mails_to(old))[-1][0] == "Your address was changed"
        # A link that went to the old mailbox opens nothing any more.
        late = await anywhere.post("reset", {"token": reset, "password": "five shiny pebbles"})
        assert late.json()["code"] == "LINK_EXPIRED"
        assert (await anywhere.post("password", {"email": old, "password": PASSWORD})).status_code == 403
        assert (await anywhere.post("password", {"email": new, "password": PASSWORD})).status_code == 200


async def test_an_address_of_another_account_is_not_taken_over(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        mine, theirs = await people.sign_up(browser), await people.sign_up(other)
        asked = (await browser.ask(CHANGE_EMAIL, email=theirs.upper()))["changeEmail"]
        assert asked["__typename"] == "EmailChangeStarted"
        local, _, host = theirs.partition("@")
        token = await people.link_to(f"{local.upper()}@{host}")
        taken = await other.post("verify", {"token": token})
        assert taken.json()["code"] == "EMAIL_TAKEN"
        assert {row[0] for row in await people.rows("SELECT email FROM accounts")} == {mine, theirs}


async def test_the_secret_goes_along_when_master_keys_change(people: PeopleScene) -> None:
    from domain.accounts import rewrap_totps
    from domain.accounts.proofs import totp_context

    async with people.browser() as browser:
        await people.sign_up(browser)
        app, _ = await enrol(people, browser)
    old, new = bytes(range(32)), bytes(32)
    async with people.graph.runtime.work() as work:
        rewrapped, after = await rewrap_totps(work, keyring=Keyring({"new": new, "test": old}), after=None)
    assert (rewrapped, after) == (1, None)
    ((account_id, sealed),) = await people.rows("SELECT account_id, sealed FROM totp_secrets")
    assert Keyring({"new": new}).unseal(bytes(sealed), context=totp_context(account_id)) == app.secret


async def test_a_new_password_takes_the_link_to_another_address_with_it(people: PeopleScene) -> None:
    """Who had the old password asks for another address; its owner resets the password; the link must be dead."""
    async with people.browser() as browser, people.browser() as thief:
        email, evil = await people.sign_up(browser), fresh_email()
        await thief.post("password", {"email": email, "password": PASSWORD})
        await thief.ask(CHANGE_EMAIL, email=evil)
        stolen = await people.link_to(evil)
        await browser.post("forgot", {"email": email})
        token = await people.link_to(email)
        assert (await browser.post("reset", {"token": token, "password": "five shiny pebbles"})).status_code == 200
        late = await thief.post("verify", {"token": stolen})
        assert late.json()["code"] == "LINK_EXPIRED"
    assert await people.rows("SELECT email FROM accounts") == [(email,)]


async def test_one_code_in_many_hands_at_once_signs_in_once(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        app, codes = await enrol(people, browser)
        before = await people.count("sign_ins")
        for proof in ({"code": app.code()}, {"recoveryCode": codes[0]}):
            asked = [await challenge(other, email) for _ in range(4)]
            answers = await asyncio.gather(*(other.post("second-factor", {"challenge": one, **proof}) for one in asked))
            assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403]
            await people.execute("DELETE FROM attempts")
        one = await challenge(other, email)
        answers = await asyncio.gather(
            *(other.post("second-factor", {"challenge": one, "recoveryCode": code}) for code in codes[1:5])
        )
        assert sorted(answer.status_code for answer in answers) == [200, 403, 403, 403]
    assert await people.count("sign_ins") == before + 3


async def _enrol_while_signing_in(people: PeopleScene) -> list[frozenset[str]]:
    """Enrol a second factor while the password signs in on another device; return what goes on afterwards."""
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        started = (await browser.ask(START))["startTotp"]
        code = App(people, started["secret"]).code()
        await asyncio.gather(
            browser.ask(CONFIRM, code=code),
            *(other.post("password", {"email": email, "password": PASSWORD}) for _ in range(6)),
        )
        rows = await people.rows(
            "SELECT s.factors FROM sign_ins s JOIN accounts a ON a.id = s.account_id"
            " WHERE a.email = :email AND s.ended_at IS NULL",
            email=email,
        )
    return [frozenset(factors) for (factors,) in rows]


async def test_no_sign_in_by_the_password_alone_outlives_the_enrolment(people: PeopleScene) -> None:
    for _ in range(3):
        assert await _enrol_while_signing_in(people) == [frozenset({"pwd", "otp", "mfa"})]


async def test_staff_cannot_give_up_both_factors_at_once(people: PeopleScene) -> None:
    async with people.browser() as browser:
        email = await people.sign_up(browser)
        await people.execute("UPDATE accounts SET roles = '{EDITOR,VIEWER}' WHERE email = :email", email=email)
        await enrol(people, browser)
        passkey = await add(browser, phone())
        answers = await asyncio.gather(
            browser.ask(REMOVE, since=await since(browser)),
            browser.ask(REMOVE_PASSKEY, id=passkey["passkey"]["id"]),
        )
        kinds = sorted(next(iter(answer.values()))["__typename"] for answer in answers)
        assert kinds in (["PasskeyRemoved", "SecondFactorMandatory"], ["SecondFactorMandatory", "TotpRemoved"])
        assert (await browser.ask(CREDENTIALS))["viewer"]["credentials"]["hasSecondFactor"]


async def test_aliases_of_one_operation_are_as_many_attempts(people: PeopleScene) -> None:
    async with people.browser() as browser:
        await people.sign_up(browser)
        app = App(people, (await browser.ask(START))["startTotp"]["secret"])
        asked = " ".join(
            f'a{n}: confirmTotp(input: {{code: "{app.other_code()}"}}) {{ ... on Problem {{ code }} }}'
            for n in range(8)
        )
        answers = (await browser.ask(f"mutation {{ {asked} }}")).values()
        assert [answer["code"] for answer in answers] == ["CODE_WRONG"] * 5 + ["TOO_MANY_ATTEMPTS"] * 3
        late = (await browser.ask(CONFIRM, code=app.code()))["confirmTotp"]
        assert late["code"] == "TOO_MANY_ATTEMPTS"
        assert (await browser.ask(CREDENTIALS))["viewer"]["credentials"]["totpSince"] is None


@pytest.mark.parametrize(
    "query", [START, CONFIRM, REMOVE, MAKE_CODES, CHANGE_PASSWORD, CHANGE_EMAIL], ids=lambda query: query[:40]
)
async def test_a_foreign_page_changes_no_credentials(people: PeopleScene, query: str) -> None:
    async with people.browser() as browser:
        await people.sign_up(browser)
        values = {"code": "123456", "since": "2030-01-01T12:00:00Z", "left": 0, "password": "x" * 20, "email": "a@b.de"}
        response = await browser.client.post(
            f"{people.graph.url}/graphql",
            json={"query": query, "variables": values},
            headers={"origin": "https://evil.example"},
        )
        assert (response.status_code, response.json()["code"]) == (403, "FOREIGN_ORIGIN")


async def test_who_gave_up_the_last_factor_gets_no_role_by_what_was_proved_before(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        app, _ = await enrol(people, browser)
        asked = await challenge(other, email)
        assert (await other.post("second-factor", {"challenge": asked, "code": app.code()})).status_code == 200
        assert (await browser.ask(REMOVE, since=await since(browser)))["removeTotp"]["__typename"] == "TotpRemoved"
        await people.execute("UPDATE accounts SET roles = '{EDITOR,VIEWER}' WHERE email = :email", email=email)
        for one in (browser, other):
            viewer = (await one.raw("{ viewer { roles needsSecondFactor } }"))["data"]["viewer"]
            assert viewer == {"roles": ["VIEWER"], "needsSecondFactor": True}
