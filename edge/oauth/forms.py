"""Reading the requests of OAuth clients: forms and query strings, each parameter once, all of it bounded.

FormBroken   it is no such request
"""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

BODY_MAX_BYTES = 16 * 1024
PARAMETERS_MAX = 40
FORM_TYPE = "application/x-www-form-urlencoded"


class FormBroken(Exception):
    """This is no request of an OAuth client. `message` says why, in ASCII."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


async def read_form(request: Request) -> dict[str, str]:
    """Return the parameters of a form that was posted.

    Raises:
        FormBroken.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise FormBroken(f"Send {FORM_TYPE}.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise FormBroken(f"Send at most {BODY_MAX_BYTES} bytes.")
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError:
        raise FormBroken("Encode the form.") from None
    _check_credentials(request.headers)
    return _parameters(text)


def read_query(request: Request) -> dict[str, str]:
    """Return the parameters of a query string.

    Raises:
        FormBroken.
    """
    return _parameters(request.url.query)


def _parameters(text: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=PARAMETERS_MAX, errors="strict")
    except ValueError:
        raise FormBroken("The parameters cannot be read.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        # OAuth 2.1, section 3.2.2: parameters without a value count as absent, and none is given twice.
        if not value:
            continue
        if name in found:
            raise FormBroken("A parameter is given twice.")
        if not (value.isascii() and value.isprintable()):
            raise FormBroken("A parameter has characters that none may have.")
        found[name] = value
    return found


def _check_credentials(headers: Mapping[str, str]) -> None:
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return
    try:
        base64.b64decode(encoded, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise FormBroken("The Authorization header cannot be read.") from None
