"""Changing passwords, addresses, authenticator apps and recovery codes."""

import base64
from datetime import datetime
from typing import Annotated

import strawberry

from domain import accounts
from domain.accounts import (
    CodeWrong,
    ConfirmationRequired,
    SecondFactorMandatory,
    TooManyAttempts,
    TotpInUse,
)
from domain.kernel.qr import QrFormat, qr_picture
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired, StaleVersion
from domain.kernel.work import Work
from graph.batching import derived
from graph.context import Context
from graph.root_fields import mutation_field, stepwise_mutation_field

SECRETS_OPENED = (SignInRequired, ConfirmationRequired)


@strawberry.input(description="A new password.")
class ChangePasswordInput:
    """A new password."""

    new_password: str = strawberry.field(description="The password, of at least ten characters that nobody guesses.")


@strawberry.type(description="The password is changed, and the account's other sign-ins have ended.")
class PasswordChanged:
    """What changePassword gives."""

    has_password: bool = strawberry.field(description="Always true: there is a password now.")


@stepwise_mutation_field(
    PasswordChanged,
    refusals=(*SECRETS_OPENED, InvalidInput, TooManyAttempts),
    description="Set the account's password. All its other sign-ins end, and its owner is told by mail.",
)
async def change_password(
    context: Context, input: Annotated[ChangePasswordInput, strawberry.argument(description="The password.")]
) -> PasswordChanged:
    """Change the password."""
    await accounts.change_password(context.runtime.desk(), viewer=context.viewer, password=input.new_password)
    return PasswordChanged(has_password=True)


@strawberry.input(description="A new address.")
class ChangeEmailInput:
    """A new address."""

    email: str = strawberry.field(description="The address that is to be the account's.")


@strawberry.type(description="A link was sent to the new address; the account has it once the link is followed.")
class EmailChangeStarted:
    """What changeEmail gives."""

    email: str = strawberry.field(description="The address as it was asked for.")


@stepwise_mutation_field(
    EmailChangeStarted,
    refusals=(*SECRETS_OPENED, InvalidInput, TooManyAttempts),
    description="Send a link to a new address. Until it is followed the old one counts; then the old one is told.",
)
async def change_email(
    context: Context, input: Annotated[ChangeEmailInput, strawberry.argument(description="The address.")]
) -> EmailChangeStarted:
    """Begin to change the address."""
    await accounts.change_email(context.runtime.desk(), viewer=context.viewer, email=input.email)
    return EmailChangeStarted(email=input.email)


@strawberry.input(description="An authenticator app to set up.")
class StartTotpInput:
    """An authenticator app."""

    label: str = strawberry.field(description="What the app shows the account as, such as its address.")


@strawberry.type(description="What an authenticator app is set up with. It is shown this once.")
class TotpStarted:
    """What startTotp gives."""

    secret: str = strawberry.field(description="The secret in base32, to type.")
    uri: str = strawberry.field(description="An `otpauth:` address, for apps on the same device.")
    qr_code: str = derived(
        lambda started, _: _picture(started.uri), description="The same as a QR code: a `data:` address of an SVG."
    )


def _picture(uri: str) -> str:
    drawn = qr_picture(uri, format=QrFormat.SVG)
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"


@mutation_field(
    TotpStarted,
    refusals=(*SECRETS_OPENED, InvalidInput, TotpInUse),
    description="Begin to set up an authenticator app (RFC 6238). It is asked for once `confirmTotp` got a code of it.",
)
async def start_totp(
    work: Work, context: Context, input: Annotated[StartTotpInput, strawberry.argument(description="The app.")]
) -> TotpStarted:
    """Begin to set up an authenticator app."""
    started = await accounts.start_totp(work, viewer=context.viewer, keyring=context.runtime.keyring, label=input.label)
    return TotpStarted(secret=started.secret, uri=started.uri)


@strawberry.input(description="A code of the authenticator app.")
class ConfirmTotpInput:
    """A code."""

    code: str = strawberry.field(description="The six digits that the app shows now.")


@strawberry.type(description="Recovery codes: each stands in once for a second factor. They are shown this once.")
class RecoveryCodes:
    """Fresh recovery codes."""

    codes: list[str] = strawberry.field(
        description="The codes; empty when the account has codes already, which go on to work."
    )


@stepwise_mutation_field(
    RecoveryCodes,
    refusals=(*SECRETS_OPENED, NotFound, TotpInUse, CodeWrong, TooManyAttempts),
    description="Take the authenticator app into use. As the first second factor it ends the account's other sign-ins.",
)
async def confirm_totp(
    context: Context, input: Annotated[ConfirmTotpInput, strawberry.argument(description="The code.")]
) -> RecoveryCodes:
    """Take an authenticator app into use."""
    return RecoveryCodes(
        codes=await accounts.confirm_totp(context.runtime.desk(), viewer=context.viewer, code=input.code)
    )


@strawberry.input(description="The authenticator app to forget.")
class RemoveTotpInput:
    """An authenticator app."""

    since: datetime = strawberry.field(
        description="Its `totpSince`, as it was read: one that was set up since then stays."
    )


@strawberry.type(description="No authenticator app is asked for any more.")
class TotpRemoved:
    """What removeTotp gives."""

    is_removed: bool = strawberry.field(description="Always true.")


@mutation_field(
    TotpRemoved,
    refusals=(*SECRETS_OPENED, NotFound, SecondFactorMandatory),
    description="Forget the authenticator app. Without any second factor, the recovery codes go too.",
)
async def remove_totp(
    work: Work, context: Context, input: Annotated[RemoveTotpInput, strawberry.argument(description="The app.")]
) -> TotpRemoved:
    """Forget the authenticator app."""
    await accounts.remove_totp(work, viewer=context.viewer, since=input.since)
    return TotpRemoved(is_removed=True)


@strawberry.input(description="Recovery codes to replace.")
class MakeRecoveryCodesInput:
    """Recovery codes to replace."""

    expected_left: int = strawberry.field(
        description="`recoveryCodesLeft`, as it was read: codes that were made or used since then are not replaced."
    )


@mutation_field(
    RecoveryCodes,
    refusals=(*SECRETS_OPENED, InvalidInput, StaleVersion),
    description="Make ten recovery codes. Those from before stop working.",
)
async def make_recovery_codes(
    work: Work,
    context: Context,
    input: Annotated[MakeRecoveryCodesInput, strawberry.argument(description="The codes.")],
) -> RecoveryCodes:
    """Make recovery codes."""
    return RecoveryCodes(
        codes=await accounts.make_recovery_codes(work, viewer=context.viewer, expected_left=input.expected_left)
    )


MUTATIONS = [change_password, change_email, start_totp, confirm_totp, remove_totp, make_recovery_codes]
