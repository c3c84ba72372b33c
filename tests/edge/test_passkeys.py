"""Passkeys, by an authenticator in software: what signs in, and everything an attacker would bend."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.authenticator import BE, BS, UP, UV, Authenticator, b64
from tests.edge.passkey_phone import ADD, REMOVE, RP_ID, START, add, phone, start
from tests.people_scene import PASSWORD, Browser, PeopleScene

RENAME = """mutation($id: ID!, $name: String!) { renamePasskey(input: {passkeyId: $id, name: $name}) {
    __typename ... on PasskeyRenamed { passkey { name } } ... on Problem { code } } }"""
PASSKEYS = "{ viewer { roles credentials { passkeys { id name lastUsedAt } hasSecondFactor recoveryCodesLeft } } }"


async def options_for(browser: Browser, challenge: str | None = None) -> tuple[str, dict[str, Any]]:
    answer = (await browser.post("passkey/options", {"challenge": challenge})).json()
    return answer["challenge"], answer["options"]


async def sign_in(browser: Browser, authenticator: Authenticator) -> Any:
    challenge, options = await options_for(browser)
    return await browser.post("passkey", {"challenge": challenge, "credential": authenticator.get(options)})


async def test_a_passkey_signs_in_alone_and_counts_as_two_factors(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        await people.execute("UPDATE accounts SET roles = '{EDITOR,VIEWER}' WHERE email = :email", email=email)
        device = phone()
        _, options = await start(browser)
        assert (options["rp"]["id"], options["attestation"]) == (RP_ID, "none")
        assert options["authenticatorSelection"] == {
            "residentKey": "required", "requireResidentKey": True, "userVerification": "required",
        }  # fmt: skip
        added = await add(browser, device)
        assert (added["passkey"]["name"], added["passkey"]["lastUsedAt"]) == ("Phone", None)
        assert len(added["recoveryCodes"]) == 10
        challenge, options = await options_for(other)
        assert (options.get("allowCredentials"), options["userVerification"]) == ([], "required")
        answer = await other.post("passkey", {"challenge": challenge, "credential": device.get(options)})
        assert (answer.status_code, answer.json()["next"]) == (200, None)
        assert answer.json()["viewer"]["roles"] == ["EDITOR", "VIEWER"]
        (seen,) = (await other.ask(PASSKEYS))["viewer"]["credentials"]["passkeys"]
        assert seen["lastUsedAt"] is not None
        subjects = [subject for subject, _ in await people.mails_to(email)]
        assert subjects.count("A way to sign in was added") == 1
        assert subjects.count("A new device signed in") == 1


async def test_a_passkey_is_a_second_factor_after_a_password(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        device = phone()
        await add(browser, device)
        asked = (await other.post("password", {"email": email, "password": PASSWORD})).json()
        assert (asked["next"], asked["methods"]) == ("SECOND_FACTOR", ["PASSKEY", "RECOVERY_CODE"])
        challenge, options = await options_for(other, asked["challenge"])
        assert challenge == asked["challenge"]
        assert [known["id"] for known in options["allowCredentials"]] == [b64(device.credential_id)]
        passed = await other.post("second-factor", {"challenge": challenge, "credential": device.get(options)})
        assert passed.status_code == 200
        assert await other.name() == "Ada"


async def test_another_persons_passkey_is_no_second_factor_of_mine(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as thief:
        email = await people.sign_up(browser)
        mine, theirs = phone(), phone()
        await add(browser, mine)
        await people.sign_up(thief)
        await add(thief, theirs)
        asked = (await thief.post("password", {"email": email, "password": PASSWORD})).json()
        challenge, options = await options_for(thief, asked["challenge"])
        refused = await thief.post("second-factor", {"challenge": challenge, "credential": theirs.get(options)})
        assert refused.json()["code"] == "SIGN_IN_FAILED"
        borrowed = replace(theirs, credential_id=mine.credential_id, user_handle=mine.user_handle)
        refused = await thief.post("second-factor", {"challenge": challenge, "credential": borrowed.get(options)})
        assert refused.json()["code"] == "SIGN_IN_FAILED"
        passed = await browser.post("second-factor", {"challenge": challenge, "credential": mine.get(options)})
        assert passed.status_code == 200


async def test_a_challenge_is_answered_once_and_in_time(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        await people.sign_up(browser)
        device = phone()
        await add(browser, device)
        challenge, options = await options_for(other)
        credential = device.get(options)
        assert (await other.post("passkey", {"challenge": challenge, "credential": credential})).status_code == 200
        replayed = await other.post("passkey", {"challenge": challenge, "credential": credential})
        assert replayed.json()["code"] == "CHALLENGE_EXPIRED"
        fresh, _ = await options_for(other)
        moved = await other.post("passkey", {"challenge": fresh, "credential": credential})
        assert moved.json()["code"] == "SIGN_IN_FAILED"
        late, options = await options_for(other)
        people.graph.clock.advance(5 * 60)
        expired = await other.post("passkey", {"challenge": late, "credential": device.get(options)})
        assert expired.json()["code"] == "CHALLENGE_EXPIRED"


async def test_a_counter_that_goes_back_is_refused_and_one_that_stays_zero_is_not(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        await people.sign_up(browser)
        counting = phone()
        await add(browser, counting)
        copy = replace(counting)
        assert [(await sign_in(other, counting)).status_code for _ in range(3)] == [200, 200, 200]
        copied = await sign_in(other, copy)
        assert (copied.status_code, copied.json()["code"]) == (403, "SIGN_IN_FAILED")
        assert (await sign_in(other, counting)).status_code == 200
        async with people.browser() as second:
            await people.sign_up(second)
            synced = phone(counts=False, flags=UP | UV | BE | BS)
            await add(second, synced)
            assert [(await sign_in(second, synced)).status_code for _ in range(2)] == [200, 200]


Bend = Callable[[Authenticator], Authenticator]
BENT: dict[str, Bend] = {
    "a foreign origin": lambda device: replace(device, origin="https://marquee.example.evil.example"),
    "our host over another scheme": lambda device: replace(device, origin="https://marquee.example"),
    "a subdomain": lambda device: replace(device, origin="http://www.marquee.example"),
    "another relying party": lambda device: replace(device, rp_id="evil.example"),
    "nobody verified": lambda device: replace(device, flags=UP),
    "nobody present": lambda device: replace(device, flags=UV),
    "a frame in a foreign page": lambda device: replace(device, cross_origin=True),
    "a backup of what cannot be backed up": lambda device: replace(device, flags=UP | UV | BS),
}


@pytest.mark.parametrize("bent", BENT)
async def test_an_answer_that_proves_something_else_is_refused(people: PeopleScene, bent: str) -> None:
    async with people.browser() as browser, people.browser() as other:
        await people.sign_up(browser)
        refused = await add(browser, BENT[bent](phone()))
        assert (refused["code"], refused["field"]) == ("INVALID_INPUT", "credentialJson")
        assert await people.count("passkeys") == 0
        device = phone()
        await add(browser, device)
        answer = await sign_in(other, BENT[bent](device))
        assert (answer.status_code, answer.json()["code"]) == (403, "SIGN_IN_FAILED")
        assert await other.name() is None


def _changed(credential: dict[str, Any], **response: Any) -> dict[str, Any]:
    return {**credential, "response": {**credential["response"], **response}}


GARBAGE: list[Any] = ["", "A", "%%%", "x" * 3_000, 7, None, [], {}, "é", b64(b"\xa1" * 200), b64(b"{}"), b64(b"[1")]


async def test_garbage_in_every_field_is_refused_and_never_a_fault(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        await people.sign_up(browser)
        device = phone()
        await add(browser, device)
        challenge, options = await options_for(other)
        for name in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
            for value in GARBAGE:
                if (name, value) in (("userHandle", None), ("userHandle", "")):
                    continue
                body = {"challenge": challenge, "credential": _changed(device.get(options), **{name: value})}
                answer = await other.post("passkey", body)
                assert (answer.status_code, answer.json()["code"]) in ((403, "SIGN_IN_FAILED"),), (name, value)
        for name in ("id", "rawId", "type", "response"):
            for value in GARBAGE:
                body = {"challenge": challenge, "credential": {**device.get(options), name: value}}
                answer = await other.post("passkey", body)
                assert (answer.status_code, answer.json()["code"]) == (403, "SIGN_IN_FAILED"), (name, value)
        assert (await sign_in(other, device)).status_code == 200


async def test_garbage_is_no_passkey(people: PeopleScene) -> None:
    async with people.browser() as browser:
        await people.sign_up(browser)
        for name in ("clientDataJSON", "attestationObject"):
            for value in GARBAGE:
                challenge, options = await start(browser)
                credential = json.dumps(_changed(phone().create(options), **{name: value}))
                refused = (await browser.ask(ADD, challenge=challenge, credential=credential))["addPasskey"]
                assert refused["code"] == "INVALID_INPUT", (name, value)
        for text in ("", "{", "[]", "null", "1", "[" * 5_000, "{}", "x" * 20_000):
            challenge, _ = await start(browser)
            refused = (await browser.ask(ADD, challenge=challenge, credential=text))["addPasskey"]
            assert refused["code"] == "INVALID_INPUT", text[:20]
        assert await people.count("passkeys") == 0


@pytest.mark.parametrize("fmt", ["tpm", "android-key", "apple", "fido-u2f", "android-safetynet", "x"])
async def test_an_attestation_that_nobody_asked_for_is_refused(people: PeopleScene, fmt: str) -> None:
    async with people.browser() as browser:
        await people.sign_up(browser)
        assert (await add(browser, phone(), fmt=fmt, x5c=[b"certificate"], sig=b"s", alg=-7))["code"] == "INVALID_INPUT"


async def test_a_passkey_is_nobodys_twice(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as thief:
        await people.sign_up(browser)
        device = phone()
        await add(browser, device)
        await people.sign_up(thief)
        refused = await add(thief, replace(device))
        assert refused["code"] == "INVALID_INPUT"
        assert (await thief.ask(PASSKEYS))["viewer"]["credentials"]["passkeys"] == []


async def test_a_challenge_of_one_sign_in_makes_no_passkey_on_another(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as thief:
        await people.sign_up(browser)
        await people.sign_up(thief)
        challenge, options = await start(browser)
        credential = json.dumps(phone().create(options))
        refused = (await thief.ask(ADD, challenge=challenge, credential=credential))["addPasskey"]
        assert (refused["code"], refused["field"]) == ("INVALID_INPUT", "challenge")
        assert (await browser.ask(ADD, challenge=challenge, credential=credential))["addPasskey"]["__typename"] == (
            "PasskeyAdded"
        )
        again = (await browser.ask(ADD, challenge=challenge, credential=credential))["addPasskey"]
        assert again["code"] == "CHALLENGE_EXPIRED"


async def test_a_user_handle_of_another_is_refused(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        await people.sign_up(browser)
        device = phone()
        await add(browser, device)
        assert base64.urlsafe_b64decode(b64(device.user_handle) + "==") == device.user_handle
        answer = await sign_in(other, replace(device, user_handle=bytes(16)))
        assert answer.json()["code"] == "SIGN_IN_FAILED"


async def test_a_passkey_is_renamed_and_removed_by_its_owner(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        await people.sign_up(browser)
        device = phone()
        id = (await add(browser, device))["passkey"]["id"]
        renamed = (await browser.ask(RENAME, id=id, name=" Work phone "))["renamePasskey"]
        assert renamed["passkey"]["name"] == "Work phone"
        assert (await browser.ask(RENAME, id=id, name="\u202e"))["renamePasskey"]["code"] == "INVALID_INPUT"
        people.graph.clock.advance(601)
        assert (await browser.ask(REMOVE, id=id))["removePasskey"]["code"] == "CONFIRMATION_REQUIRED"
        challenge, options = await options_for(browser)
        confirmed = await browser.post("confirm", {"challenge": challenge, "credential": device.get(options)})
        assert confirmed.status_code == 204
        assert (await browser.ask(REMOVE, id=id))["removePasskey"]["__typename"] == "PasskeyRemoved"
        seen = (await browser.ask(PASSKEYS))["viewer"]["credentials"]
        assert seen == {"passkeys": [], "hasSecondFactor": False, "recoveryCodesLeft": 0}
        assert (await sign_in(other, device)).json()["code"] == "SIGN_IN_FAILED"


async def test_another_ones_passkey_confirms_nothing(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as thief:
        await people.sign_up(browser)
        device = phone()
        await add(browser, device)
        await people.sign_up(thief)
        people.graph.clock.advance(601)
        challenge, options = await options_for(thief)
        refused = await thief.post("confirm", {"challenge": challenge, "credential": device.get(options)})
        assert refused.json()["code"] == "SIGN_IN_FAILED"
        assert (await thief.ask(START))["startPasskey"]["code"] == "CONFIRMATION_REQUIRED"


async def test_a_suspended_account_has_no_passkeys(people: PeopleScene) -> None:
    async with people.browser() as browser, people.browser() as other:
        email = await people.sign_up(browser)
        device = phone()
        await add(browser, device)
        await people.execute("UPDATE accounts SET suspended_at = now() WHERE email = :email", email=email)
        refused = await sign_in(other, device)
        assert (refused.status_code, refused.json()["code"]) == (403, "SIGN_IN_FAILED")
        wrong = await other.post("password", {"email": email, "password": PASSWORD})
        assert (wrong.status_code, wrong.json()["code"]) == (403, "SIGN_IN_FAILED")
