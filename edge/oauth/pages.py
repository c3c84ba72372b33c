"""The two pages of the authorization door: may this client act for you, and why a request cannot be answered.

They need no script. Everything shown is escaped; the style is allowed by its hash, and a form may only be sent to us
and, through the redirect that follows, to the client's own address.
"""

import base64
import hashlib
from html import escape
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse

from domain.authorization import MEANINGS, OAuthClient, Scope

_STYLE = """
:root { color-scheme: dark; font: 16px/1.5 system-ui, sans-serif; background: #14110f; color: #f4efe8 }
main { max-width: 26rem; margin: 12vh auto; padding: 2rem; background: #1f1a17; border-radius: 1rem }
h1 { font-size: 1.4rem; margin: 0 0 1rem; overflow-wrap: anywhere } li { margin: .25rem 0 }
p { overflow-wrap: anywhere; color: #c9bfb3 }
button { font: inherit; min-height: 2.75rem; padding: 0 1.25rem; border-radius: .5rem; border: 0; cursor: pointer }
button[value=approve] { background: #f5c542; color: #14110f; font-weight: 600 }
button[value=deny] { background: none; color: inherit; outline: 1px solid #6b6259; margin-left: .75rem }
button:focus-visible { outline: 3px solid #fff; outline-offset: 2px }
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()


def consent_page(
    client: OAuthClient, *, name: str, scopes: frozenset[Scope], redirect_uri: str, fields: dict[str, str]
) -> HTMLResponse:
    """Ask `name` whether a client may act for them. `fields` come back with the answer."""
    allowed = "".join(f"<li>{escape(MEANINGS[scope])}</li>" for scope in Scope if scope in scopes)
    hidden = "".join(
        f'<input type="hidden" name="{escape(key)}" value="{escape(value)}">' for key, value in fields.items()
    )
    parts = urlsplit(redirect_uri)
    there = parts.hostname or f"the app that opens {parts.scheme}:"
    body = (
        f"<h1>Let {escape(client.name)} in?</h1><p>You are signed in as {escape(name)}. It will be able to:</p>"
        f"<ul>{allowed}</ul><p>You will be sent to {escape(there)}. You can end this at any time, under devices.</p>"
        f'<form method="post" action="/oauth/authorize">{hidden}'
        '<button name="decision" value="approve">Let it in</button>'
        '<button name="decision" value="deny">No</button></form>'
    )
    target = f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
    return _page(f"Let {client.name} in?", body, form_target=target)


def refused_page(message: str) -> HTMLResponse:
    """Say why a request cannot be answered, where it is not safe to send the browser back."""
    body = f"<h1>This link does not work</h1><p>{escape(message)}</p>"
    return _page("This link does not work", body, status=400)


def again_page(location: str) -> HTMLResponse:
    """Come again from our own page: a browser does not show who is signed in to a link on another site."""
    return _page("One moment", "<h1>One moment</h1>", refresh=location)


def _page(
    title: str, body: str, *, status: int = 200, form_target: str = "", refresh: str | None = None
) -> HTMLResponse:
    onward = "" if refresh is None else f'<meta http-equiv="refresh" content="0;url={escape(refresh)}">'
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"{onward}<title>{escape(title)}</title><style>{_STYLE}</style><main>{body}</main></html>"
    )
    policy = "; ".join(
        (
            "default-src 'none'",
            f"style-src 'sha256-{_STYLE_HASH}'",
            # Browsers hold the redirect after a form to this as well.
            f"form-action 'self' {form_target}".rstrip(),
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",
    }
    return HTMLResponse(html, status_code=status, headers=headers)
