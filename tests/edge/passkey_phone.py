"""A phone that makes passkeys at our doors."""

import json
from typing import Any

from tests.authenticator import Authenticator
from tests.graph_scene import PUBLIC_URL
from tests.people_scene import Browser

RP_ID = "marquee.example"
START = """mutation { startPasskey(input: {name: "Phone"}) {
    __typename ... on PasskeyStarted { challenge optionsJson } ... on Problem { code } } }"""
ADD = """mutation($challenge: String!, $credential: String!) {
    addPasskey(input: {challenge: $challenge, credentialJson: $credential}) {
    __typename ... on PasskeyAdded { passkey { id name lastUsedAt } recoveryCodes }
    ... on Problem { code } ... on InvalidInput { field } } }"""
REMOVE = """mutation($id: ID!) { removePasskey(input: {passkeyId: $id}) {
    __typename ... on Problem { code } } }"""


def phone(**changes: Any) -> Authenticator:
    return Authenticator(origin=PUBLIC_URL, rp_id=RP_ID, **changes)


async def start(browser: Browser) -> tuple[str, dict[str, Any]]:
    started = (await browser.ask(START))["startPasskey"]
    assert started["__typename"] == "PasskeyStarted", started
    return started["challenge"], json.loads(started["optionsJson"])


async def add(browser: Browser, authenticator: Authenticator, **changes: Any) -> dict[str, Any]:
    challenge, options = await start(browser)
    credential = json.dumps(authenticator.create(options, **changes))
    answer: dict[str, Any] = (await browser.ask(ADD, challenge=challenge, credential=credential))["addPasskey"]
    return answer
