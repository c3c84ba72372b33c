"""What the viewer proves itself with, and why changing it may be refused."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import strawberry

from domain import accounts
from domain.accounts import Credentials as CredentialsRow
from domain.accounts import Method, credentials_of, passkeys_by_id, passkeys_of
from domain.accounts import Passkey as PasskeyRow
from graph.batching import batched, derived
from graph.context import Context
from graph.enums import described
from graph.global_ids import Kind, loads_node
from graph.nodes import Node
from graph.problems import Problem, problem
from graph.rows import declares

described(
    Method,
    name="SecondFactorMethod",
    description="A second factor that an account can be asked for.",
    values={
        Method.TOTP: "A code that an authenticator app shows.",
        Method.PASSKEY: "A passkey.",
        Method.RECOVERY_CODE: "A recovery code, which works once.",
    },
)


@loads_node(Kind.PASSKEY, row=PasskeyRow)
async def own_passkeys(context: Context, keys: Sequence[UUID]) -> list[PasskeyRow | None]:
    """Load passkeys of the viewer's own account."""
    own = None if context.viewer is None else context.viewer.account_id
    found = await passkeys_by_id(context.reads, keys)
    return [passkey if passkey is not None and passkey.account_id == own else None for passkey in found]


async def credentials_of_accounts(context: Context, keys: Sequence[UUID]) -> list[CredentialsRow]:
    """Load what accounts prove themselves with."""
    return await credentials_of(context.reads, keys)


async def passkeys_of_accounts(context: Context, keys: Sequence[UUID]) -> list[list[PasskeyRow]]:
    """Load the passkeys of accounts."""
    return await passkeys_of(context.reads, keys)


@declares(PasskeyRow)
@strawberry.type(description="A passkey: a key that a phone, a computer or a stick keeps, and signs in with.")
class Passkey(Node):
    """A passkey."""

    name: str = strawberry.field(description="What its owner calls it.")
    created_at: datetime = strawberry.field(description="When it was added.")
    last_used_at: datetime | None = strawberry.field(description="When it last signed in; null before the first time.")


@declares(CredentialsRow)
@strawberry.type(description="What an account proves itself with. Its owner sees that, and nobody sees a secret.")
class Credentials:
    """What an account proves itself with."""

    has_password: bool = strawberry.field(description="Whether it has a password.")
    totp_since: datetime | None = strawberry.field(
        description="Since when an authenticator app is asked for; null when there is none."
    )
    passkeys: list[Passkey] = batched(
        passkeys_of_accounts, key=lambda row: row.account_id, list_size=5, description="Its passkeys, the oldest first."
    )
    recovery_codes_left: int = strawberry.field(description="How many recovery codes still work.")
    has_second_factor: bool = derived(
        lambda row, _: row.has_second_factor,
        description="Whether signing in asks for a second factor. Roles beyond watching count only with one.",
    )


@problem(
    accounts.ConfirmationRequired,
    description="Who this is was last proved more than ten minutes ago. Confirm at `/session/confirm`, then repeat.",
)
class ConfirmationRequired(Problem):
    """Proof is needed first."""


@problem(
    accounts.SecondFactorMandatory,
    description="The viewer has roles that need a second factor, and this is the last one. Add another one first.",
)
class SecondFactorMandatory(Problem):
    """The last second factor stays."""


@problem(accounts.TotpInUse, description="An authenticator app is in use already. Remove it first.")
class TotpInUse(Problem):
    """There is one already."""


@problem(accounts.CodeWrong, description="The code is not one that the app shows now.")
class CodeWrong(Problem):
    """Another code is shown."""


@problem(accounts.ChallengeExpired, description="The challenge was answered already, or took too long. Begin again.")
class ChallengeExpired(Problem):
    """Too late, or twice."""


@problem(accounts.TooManyAttempts, description="Too many attempts were made. Wait before the next one.")
class TooManyAttempts(Problem):
    """Too many attempts."""

    retry_after_seconds: int = derived(
        lambda refusal, _: max(1, round(refusal.retry_after_s)), description="When there is one again, in seconds."
    )
