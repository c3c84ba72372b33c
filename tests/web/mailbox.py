"""Reads the mails that a house without a mail server keeps."""

import re
import time

from playwright.async_api import Page

_LINK = re.compile(r"https?://\S+")
ARRIVES_WITHIN_S = 30


async def link_to(page: Page, url: str, email: str, *, subject: str) -> str:
    """Wait for a mail to an address and return the link in it, as a path of the house."""
    give_up = time.monotonic() + ARRIVES_WITHIN_S
    while time.monotonic() < give_up:
        mails = await (await page.request.get(f"{url}/mailbox.json")).json()
        for mail in mails:
            if mail["to"] == email and mail["subject"] == subject:
                links = [link for link in _LINK.findall(mail["body"]) if "token=" in link]
                return links[0].removeprefix(url)
        await page.wait_for_timeout(200)
    raise AssertionError(f"no mail to {email}: {subject}")
