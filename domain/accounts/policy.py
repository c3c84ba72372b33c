"""Who may do what: each context names its acts and the roles that may do them, and nothing else decides.

    Policy      what a context allows; what it does not name, nobody may
    ACCOUNTS    the policy of this context

An administrator may do everything. A role that somebody holds only within a merchant or a channel counts there alone.
"""

from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Generic, TypeVar
from uuid import UUID

from domain.accounts.people import Role, Viewer, require_viewer
from domain.kernel.refusals import Forbidden

Act = TypeVar("Act", bound=StrEnum)


class Policy(Generic[Act]):
    """The acts of one context, each with the roles that may do it. An act's value says what it is, after "may"."""

    def __init__(self, allowed: Mapping[Act, Set[Role]]) -> None:
        self._allowed = allowed

    def permits(self, viewer: Viewer | None, act: Act, *, within: UUID | None = None) -> bool:
        """Tell whether the viewer may do it, everywhere or `within` a merchant or channel."""
        if viewer is None:
            return False
        return any(viewer.holds(role, within=within) for role in self._allowed.get(act, ()))

    def require(self, viewer: Viewer | None, act: Act, *, within: UUID | None = None) -> Viewer:
        """Return the viewer if it may do it.

        Raises:
            SignInRequired: nobody is signed in.
            Forbidden: no role allows it.
        """
        viewer = require_viewer(viewer)
        if not self.permits(viewer, act, within=within):
            raise Forbidden(act.value)
        return viewer


class AccountsAct(StrEnum):
    """What is done to accounts that are not one's own."""

    SUSPEND = "suspend accounts"
    GRANT_ROLES = "grant and revoke roles"
    INVITE = "invite people"
    MANAGE_SERVICES = "manage service accounts and their keys"
    LOOK_UP = "look at other people's accounts"
    READ_STAFF_LOG = "read what staff has done"


ACCOUNTS = Policy(
    {
        AccountsAct.SUSPEND: frozenset({Role.ADMINISTRATOR}),
        AccountsAct.GRANT_ROLES: frozenset({Role.ADMINISTRATOR}),
        # Owners bring in their own merchant's staff.
        AccountsAct.INVITE: frozenset({Role.ADMINISTRATOR, Role.MERCHANT_OWNER}),
        AccountsAct.MANAGE_SERVICES: frozenset({Role.ADMINISTRATOR}),
        AccountsAct.LOOK_UP: frozenset({Role.SUPPORT}),
        AccountsAct.READ_STAFF_LOG: frozenset({Role.ADMINISTRATOR}),
    }
)
