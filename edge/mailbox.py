"""Mails that were kept instead of sent, for developers: /mailbox, where no mail server is set and nowhere else.

A foreign name that resolves to this machine must not read them, so the page answers to our own names only.
"""

import re
from html import escape

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from domain.accounts import KeptMail, mails_kept
from domain.kernel.refusals import NotFound
from domain.runtime import Runtime
from domain.settings import Environment, Settings
from edge.identity import is_own_name
from edge.problem_responses import problem_response

_LINK = re.compile(r"https?://[^\s<>\"']+")
_NO_STORE = {"Cache-Control": "no-store"}


async def page(request: Request) -> Response:
    """Answer GET /mailbox: the newest mails, their links to click on."""
    if not _is_open(request):
        return problem_response(NotFound("page", request.url.path))
    mails = await mails_kept(_runtime(request).reads())
    shown = "".join(map(_article, mails)) or "<p>No mail yet.</p>"
    title = "<!doctype html><html lang=en><meta charset=utf-8><title>Mailbox</title>"
    return HTMLResponse(f"{title}<h1>Mailbox</h1>{shown}</html>", headers=_NO_STORE)


async def listing(request: Request) -> Response:
    """Answer GET /mailbox.json: the same for programs."""
    if not _is_open(request):
        return problem_response(NotFound("page", request.url.path))
    mails = [
        {"at": kept.at, "to": kept.mail.to, "subject": kept.mail.subject, "body": kept.mail.body}
        for kept in await mails_kept(_runtime(request).reads())
    ]
    return Response(orjson.dumps(mails), media_type="application/json", headers=_NO_STORE)


def keeps_mail(settings: Settings) -> bool:
    """Tell whether mails are kept here instead of sent."""
    return settings.environment is Environment.DEVELOPMENT and not settings.mail_url


def _is_open(request: Request) -> bool:
    return keeps_mail(_runtime(request).settings) and is_own_name(request)


def _article(kept: KeptMail) -> str:
    mail = kept.mail
    body = _LINK.sub(lambda found: f'<a href="{found[0]}">{found[0]}</a>', escape(mail.body))
    head = f"<h2>{escape(mail.subject)}</h2><p>to {escape(mail.to)}, {kept.at:%Y-%m-%d %H:%M:%S} UTC</p>"
    return f"<article>{head}<pre>{body}</pre></article><hr>"


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


routes = [Route("/mailbox", page, methods=["GET"]), Route("/mailbox.json", listing, methods=["GET"])]
