"""People's own data, from asking for it to the file, and from deleting an account to nothing that is left of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.accounts import MailTemplate
from domain.accounts.account_keys import KeyDestroyed, account_keyring
from domain.accounts.exporting import EXPORTS_OF_ACCOUNT, objects_of
from domain.accounts.mail_texts import TEXTS
from domain.kernel.job_runner import JobRunner
from domain.kernel.personal import Fate
from graph.global_ids import parse_global_id
from tests.graph.asking import change
from tests.graph_scene import PUBLIC_URL
from tests.job_scene import until
from tests.people_scene import Browser, PeopleScene
from workers.personal import PERSONAL, personal_handlers

REQUEST = change("requestExport", "ExportRequested", "export { state url }", "... on InvalidInput { field }")
DELETE = change("deleteAccount", "AccountDeleted", "isDeleted", "... on InvalidInput { field }")
EXPORTS = "{ viewer { exports { state url createdAt expiresAt } } }"
JSON = {"format": "JSON"}


@pytest.fixture
async def scene(people: PeopleScene) -> AsyncIterator[PeopleScene]:
    """People whose exports and erasures are done at once."""
    runtime = people.graph.runtime
    runner = JobRunner(
        open_work=runtime.work, bus=runtime.bus, handlers=personal_handlers(runtime), concurrency=2, poll_s=0.05
    )
    stop = asyncio.Event()
    task = asyncio.create_task(runner.run(stop))
    yield people
    stop.set()
    await task


async def account_of(browser: Browser) -> UUID:
    parsed = parse_global_id((await browser.ask("{ viewer { id } }"))["viewer"]["id"])
    assert parsed is not None
    return parsed[1]


async def exported(scene: PeopleScene, browser: Browser) -> str:
    """Ask for an export, wait for it, and return the address of the file."""
    asked = (await browser.ask(REQUEST, input=JSON))["requestExport"]
    assert asked["export"] == {"state": "RUNNING", "url": None}

    async def is_ready() -> bool:
        return bool((await browser.ask(EXPORTS))["viewer"]["exports"][0]["state"] == "READY")

    await until(is_ready)
    url: str = (await browser.ask(EXPORTS))["viewer"]["exports"][0]["url"]
    assert url.startswith(f"{PUBLIC_URL}/account/exports/")
    return url.replace(PUBLIC_URL, scene.graph.url)


async def objects(scene: PeopleScene, account_id: UUID) -> dict[str, bytes]:
    store = scene.graph.runtime.objects
    return {head.key: await store.get(head.key) async for head in store.list(objects_of(account_id))}


async def test_a_person_gets_everything_and_nobody_else_anything(scene: PeopleScene) -> None:
    async with scene.browser() as browser, scene.browser() as other, scene.browser() as stranger:
        email = await scene.sign_up(browser)
        await scene.sign_up(other)
        account_id = await account_of(browser)
        url = await exported(scene, browser)

        response = await browser.client.get(url)
        assert response.status_code == 200
        assert response.headers["content-disposition"] == 'attachment; filename="marquee-data.json"'
        assert response.headers["cache-control"] == "private, no-store"
        file: dict[str, Any] = response.json()
        assert file["account"] == str(account_id)
        assert file["tables"].keys() == {f"{data.table}.{data.column}" for data in PERSONAL}
        tables = {name: table["rows"] for name, table in file["tables"].items()}
        (account,) = tables["accounts.id"]
        assert (account["email"], account["display_name"]) == (email, "Ada")
        assert [row["name"] for row in tables["profiles.account_id"]] == ["Ada"]
        assert len(tables["sign_ins.account_id"]) == len(tables["devices.account_id"]) == 1
        assert "argon2" not in response.text
        assert "hash" not in response.text
        assert "Your data is ready" in [subject for subject, _ in await scene.mails_to(email)]

        assert (await other.client.get(url)).status_code == 404
        assert (await other.client.get(url[:-3] + "abc")).status_code == 404
        assert (await stranger.client.get(url)).status_code == 401
        (sealed,) = (await objects(scene, account_id)).values()
        assert email.encode() not in sealed


async def test_an_export_expires_with_its_file(scene: PeopleScene) -> None:
    async with scene.browser() as browser:
        await scene.sign_up(browser)
        account_id, url = await account_of(browser), await exported(scene, browser)
        await scene.execute("UPDATE exports SET expires_at = now()")
        assert (await browser.client.get(url)).status_code == 404
        assert (await browser.ask(EXPORTS))["viewer"]["exports"] == []
        await scene.execute("UPDATE pgqueuer SET execute_after = now() WHERE entrypoint = 'personal.forget_exports'")

        async def is_gone() -> bool:
            return await scene.count("exports") == 0 and await objects(scene, account_id) == {}

        await until(is_gone)


async def test_exports_take_a_proof_and_are_few(scene: PeopleScene) -> None:
    async with scene.browser() as browser:
        await scene.sign_up(browser)
        wrong = (await browser.ask(REQUEST, input={"format": "XML"}))["requestExport"]
        assert (wrong["code"], wrong["field"]) == ("INVALID_INPUT", "format")
        for _ in range(EXPORTS_OF_ACCOUNT.burst):
            await exported(scene, browser)
        assert (await browser.ask(REQUEST, input=JSON))["requestExport"]["code"] == "TOO_MANY_ATTEMPTS"
        await scene.execute("UPDATE sign_ins SET auth_time = auth_time - interval '11 minutes'")
        assert (await browser.ask(REQUEST, input=JSON))["requestExport"]["code"] == "CONFIRMATION_REQUIRED"
        assert await scene.count("exports") == EXPORTS_OF_ACCOUNT.burst


async def test_of_many_exports_at_once_one_is_made(scene: PeopleScene) -> None:
    async with scene.browser() as browser:
        await scene.sign_up(browser)
        answers = await asyncio.gather(*(browser.ask(REQUEST, input=JSON) for _ in range(3)))
        kinds = sorted(answer["requestExport"]["__typename"] for answer in answers)
        assert kinds.count("ExportRequested") >= 1
        assert set(kinds) <= {"ExportRequested", "ExportRunning"}
        assert await scene.count("exports") == kinds.count("ExportRequested")


async def test_a_deleted_account_leaves_nothing_about_its_owner(scene: PeopleScene) -> None:
    runtime = scene.graph.runtime
    async with scene.browser() as browser, scene.browser() as other:
        email = await scene.sign_up(browser)
        await scene.sign_up(other)
        account_id, url = await account_of(browser), await exported(scene, browser)
        backup = await objects(scene, account_id)
        async with runtime.work() as work:
            await work.connection.execute(
                text("INSERT INTO stream_holders (account_id) VALUES (:id)"), {"id": account_id}
            )
        for refused in (f"x{email}", ""):
            answer = (await browser.ask(DELETE, input={"email": refused}))["deleteAccount"]
            assert (answer["code"], answer["field"]) == ("INVALID_INPUT", "email")
        assert await browser.name() == "Ada"

        answer = (await browser.ask(DELETE, input={"email": email.upper()}))["deleteAccount"]
        assert answer == {"__typename": "AccountDeleted", "isDeleted": True}
        assert await browser.name() is None
        assert await other.name() == "Ada"
        assert (await browser.client.get(url)).status_code == 401

        async def is_erased() -> bool:
            return not await scene.rows("SELECT 1 FROM sign_ins WHERE account_id = :id", id=account_id)

        await until(is_erased)
        for data in PERSONAL:
            if data.fate is Fate.DELETED and data.column == "account_id":
                asked = f"SELECT 1 FROM {data.table} WHERE account_id = :id"
                assert await scene.rows(asked, id=account_id) == [], data.table
        ((blank, name, territory),) = await scene.rows(
            "SELECT email, display_name, territory FROM accounts WHERE id = :id", id=account_id
        )
        assert (blank, name, territory) == (f"{account_id}@erased.invalid", "", "ZZ")
        assert (await scene.mails_to(email))[-1][0] == TEXTS[MailTemplate.ACCOUNT_ERASED][0]

        # What lies in a backup opens no more.
        assert len(backup) == 1
        assert await objects(scene, account_id) == {}
        with pytest.raises(KeyDestroyed):
            async with runtime.work() as work:
                await account_keyring(work, keyring=runtime.keyring, account_id=account_id)
        # And the address is free.
        await scene.sign_up(browser, email)
        assert await account_of(browser) != account_id


async def test_an_address_is_typed_as_its_owner_writes_it(scene: PeopleScene) -> None:
    async with scene.browser() as browser:
        email = await scene.sign_up(browser, f"ada-{uuid4().hex}@xn--bcher-kva.example")
        typed = email.replace("xn--bcher-kva", "Bücher")
        assert (await browser.ask(DELETE, input={"email": typed}))["deleteAccount"]["__typename"] == "AccountDeleted"
        assert await browser.name() is None


async def test_deleting_takes_a_proof(scene: PeopleScene) -> None:
    async with scene.browser() as browser:
        email = await scene.sign_up(browser)
        await scene.execute("UPDATE sign_ins SET auth_time = auth_time - interval '11 minutes'")
        assert (await browser.ask(DELETE, input={"email": email}))["deleteAccount"]["code"] == "CONFIRMATION_REQUIRED"
        assert await browser.name() == "Ada"
