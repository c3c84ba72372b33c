"""Who is at the browser, and may let clients in: only somebody signed in to our own page, never another client."""

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request

from domain.accounts import Factor, Viewer, proof_of, viewer_by_token
from domain.authorization import Approval
from domain.runtime import Runtime
from edge.identity import cookie_name


@dataclass(frozen=True)
class Approver:
    """Somebody signed in to our page, and what their approval would be worth."""

    viewer: Viewer
    approval: Approval

    @property
    def auth_time(self) -> datetime:
        """When they proved who they are."""
        return self.approval.auth_time


async def approver_of(request: Request) -> Approver | None:
    """Return who is signed in to our page in this browser. A bearer token lets nobody else in.

    Raises:
        Unavailable.
    """
    runtime: Runtime = request.app.state.runtime
    cookie = request.cookies.get(cookie_name(runtime.settings))
    reads = runtime.reads()
    viewer = None if cookie is None else await viewer_by_token(reads, cookie)
    proof = None if viewer is None else await proof_of(reads, viewer.sign_in_id)
    if viewer is None or proof is None or Factor.KEY in proof.factors:
        # A program's key is nobody at a browser.
        return None
    return Approver(viewer, Approval(viewer.account_id, viewer.profile_id, proof.at, proof.factors, viewer.sign_in_id))
