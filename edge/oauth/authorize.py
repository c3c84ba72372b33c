"""The authorization door: a client sends a browser here, and gets it back with a code (OAuth 2.1, section 4.1).

Where to send the browser is settled first, by the client's own list, letter by letter; until then every fault is
answered with a page. From then on the client is told, with its `state` and our `iss` (RFC 9207).
"""

import hmac
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from urllib.parse import quote, urlencode

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import InsecureTransportError
from starlette.requests import Request
from starlette.responses import Response

from domain.accounts import accounts_by_id
from domain.authorization import AccessTokens, OAuthClient, find_client
from domain.kernel.refusals import Refusal
from domain.runtime import Runtime
from edge.identity import ForeignOrigin, is_own_page
from edge.oauth.answers import redirect
from edge.oauth.approving import Approver, approver_of
from edge.oauth.forms import FormBroken, read_form, read_query
from edge.oauth.grant_types import server_for
from edge.oauth.pages import again_page, consent_page, refused_page
from edge.oauth.protocol import Answer, Exchange, FormRequest, wanted_scopes
from edge.problem_responses import problem_response

PATH = "/oauth/authorize"
SIGN_IN_PAGE = "/sign-in"
# Marks a request that came a second time, from a page of ours.
AGAIN = "again"
STATE_MAX_CHARS = 2048
# With `prompt=login`, who proved themselves longer ago than this does it again.
FRESH_LOGIN = timedelta(seconds=60)
_CONSENT = "oauth-consent"
# What a decision is about: these come back from the page as they were shown.
_ASKED = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method", "nonce",
    "prompt", "max_age",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request whose client and redirect are known to be right."""

    runtime: Runtime
    client: OAuthClient
    redirect_uri: str
    parameters: dict[str, str]

    def error(self, error: str, description: str) -> Response:
        """Tell the client."""
        return self.back({"error": error, "error_description": description})

    def back(self, parameters: dict[str, str]) -> Response:
        """Send the browser back to the client."""
        state = self.parameters.get("state")
        said = {**parameters, **({} if state is None else {"state": state}), "iss": self.runtime.settings.public_url}
        return redirect(add_params_to_uri(self.redirect_uri, list(said.items())))

    def seal(self, approver: Approver) -> str:
        """Return what only a page of ours could know: who decides about exactly this request."""
        said = urlencode([(name, self.parameters.get(name, "")) for name in _ASKED])
        key = self.runtime.keyring.derive(_CONSENT)
        return hmac.new(key, f"{approver.viewer.sign_in_id}\n{said}".encode(), sha256).hexdigest()


async def ask(request: Request) -> Response:
    """Answer GET /oauth/authorize: back at once, a page that asks, or the way to sign in."""
    try:
        asked = await _read(request, read_query(request))
        if isinstance(asked, Response):
            return asked
        if (fault := await _fault(asked)) is not None:
            return fault
        approver = await approver_of(request)
        if approver is None or _must_sign_in_again(asked, approver):
            return _without_session(request, asked)
        return await _with_session(asked, approver)
    except FormBroken as broken:
        return refused_page(broken.message)
    except InsecureTransportError:
        return refused_page("This service has to be reached by https.")
    except Refusal as refusal:
        return problem_response(refusal)


async def decide(request: Request) -> Response:
    """Answer POST /oauth/authorize: what somebody decided on our page."""
    try:
        if not is_own_page(request):
            raise ForeignOrigin
        parameters = await read_form(request)
        asked = await _read(request, parameters)
        if isinstance(asked, Response):
            return asked
        approver = await approver_of(request)
        sealed = parameters.get("sealed", "")
        if approver is None or not hmac.compare_digest(sealed, asked.seal(approver)):
            return refused_page("You signed in or out meanwhile. Go back to the app and try again.")
        if parameters.get("decision") != "approve":
            return asked.error("access_denied", "The person said no.")
        return await _let_in(asked, approver)
    except FormBroken as broken:
        return refused_page(broken.message)
    except InsecureTransportError:
        return refused_page("This service has to be reached by https.")
    except Refusal as refusal:
        return problem_response(refusal)


async def _read(request: Request, parameters: dict[str, str]) -> Asked | Response:
    """Find the client and check where it wants its answer. A fault here is nobody's to be told but the person's."""
    runtime: Runtime = request.app.state.runtime
    async with runtime.work() as work:
        client = await find_client(work, id=parameters.get("client_id", ""))
    if client is None:
        return refused_page("The app that sent you here is not known. Ask its makers.")
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None or redirect_uri not in client.redirect_uris:
        return refused_page("The app that sent you here named an address that is not its own. Ask its makers.")
    asked = {name: value for name, value in parameters.items() if name in _ASKED}
    if len(asked.get("state", "")) > STATE_MAX_CHARS or len(asked.get("nonce", "")) > STATE_MAX_CHARS:
        return refused_page("The app that sent you here sent too much. Ask its makers.")
    found = Asked(runtime, client, redirect_uri, asked)
    if {"request", "request_uri"} & set(parameters):
        return found.error("request_not_supported", "Send the parameters by themselves.")
    if asked.get("response_type") != "code":
        return found.error("unsupported_response_type", "Ask for a response_type of code.")
    if parameters.get("response_mode", "query") != "query":
        return found.error("invalid_request", "The only response_mode is query.")
    if not asked.get("max_age", "0").isdecimal() or len(asked.get("max_age", "")) > 9:
        return found.error("invalid_request", "Send max_age in seconds.")
    return found


async def _fault(asked: Asked) -> Response | None:
    """Return what is wrong with the rest of the request, as Authlib sees it."""
    answer = await _run(asked, None)
    return None if answer is None or "error" not in answer.body else asked.error(*_error_of(answer))


async def _let_in(asked: Asked, approver: Approver) -> Response:
    answer = await _run(asked, approver)
    assert answer is not None, "with an approver there is an answer"
    return asked.error(*_error_of(answer)) if "error" in answer.body else asked.back({"code": str(answer.body["code"])})


async def _run(asked: Asked, approver: Approver | None) -> Answer | None:
    """Let Authlib check the request and, when somebody approved, make the code."""
    runtime = asked.runtime
    form = FormRequest("GET", runtime.settings.public_url + PATH, asked.parameters)

    issuer = runtime.settings.public_url
    async with runtime.work() as work:
        approval = None if approver is None else approver.approval
        tokens = AccessTokens(issuer=issuer)
        server = server_for(Exchange(work, runtime.keyring, issuer, tokens, approval=approval))

        def check(_: object) -> Answer | None:
            try:
                grant = server.get_consent_grant(form, end_user=approval)
                return None if approval is None else Answer(200, {"code": grant.generate_authorization_code()}, {})
            except OAuth2Error as error:
                return Answer(400, dict(error.get_body()), {})

        answer: Answer | None = await work.connection.run_sync(check)
        return answer


def _error_of(answer: Answer) -> tuple[str, str]:
    return str(answer.body["error"]), str(answer.body.get("error_description", ""))


def _must_sign_in_again(asked: Asked, approver: Approver) -> bool:
    """Whether the client wants a person who proved themselves lately (OpenID Connect Core 1.0, section 3.1.2.1)."""
    since = asked.runtime.clock() - approver.auth_time
    max_age = asked.parameters.get("max_age")
    if max_age is not None and since > timedelta(seconds=int(max_age)) + FRESH_LOGIN:
        return True
    return "login" in asked.parameters.get("prompt", "").split() and since > FRESH_LOGIN


def _without_session(request: Request, asked: Asked) -> Response:
    here = f"{PATH}?{urlencode(asked.parameters)}"
    if AGAIN not in request.query_params:
        # Our cookie is not sent along a link from another site; it is from this page.
        return again_page(f"{here}&{AGAIN}=1")
    if "none" in asked.parameters.get("prompt", "").split():
        return asked.error("login_required", "Nobody is signed in.")
    return redirect(f"{SIGN_IN_PAGE}?next={quote(here, safe='')}")


async def _with_session(asked: Asked, approver: Approver) -> Response:
    prompt = asked.parameters.get("prompt", "").split()
    if asked.client.is_approved_at(asked.redirect_uri) and "consent" not in prompt:
        return await _let_in(asked, approver)
    if "none" in prompt:
        return asked.error("consent_required", "The person has to be asked.")
    (account,) = await accounts_by_id(asked.runtime.reads(), [approver.viewer.account_id])
    assert account is not None, "a sign-in has an account"
    return consent_page(
        asked.client,
        name=account.display_name,
        scopes=wanted_scopes(asked.client, asked.parameters.get("scope")),
        redirect_uri=asked.redirect_uri,
        fields={**asked.parameters, "sealed": asked.seal(approver)},
    )
