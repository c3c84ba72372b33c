"""Adding, naming and removing passkeys."""

from typing import Annotated

import orjson
import strawberry
from strawberry import ID

from domain import accounts
from domain.accounts import ChallengeExpired, SecondFactorMandatory
from domain.kernel.refusals import InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from graph.accounts.credentials import SECRETS_OPENED
from graph.accounts.proofs import Passkey
from graph.context import Context
from graph.global_ids import Kind, read_id
from graph.payloads import shown
from graph.root_fields import mutation_field


@strawberry.input(description="A passkey to add.")
class StartPasskeyInput:
    """A passkey to add."""

    name: str = strawberry.field(description="What to call it; 1 to 80 characters.")


@strawberry.type(description="What to ask the browser's authenticator for.")
class PasskeyStarted:
    """What startPasskey gives."""

    challenge: str = strawberry.field(description="What to come back to `addPasskey` with, within five minutes.")
    options_json: str = strawberry.field(
        description="PublicKeyCredentialCreationOptionsJSON (Web Authentication, Level 3), for "
        "`PublicKeyCredential.parseCreationOptionsFromJSON`."
    )


@mutation_field(
    PasskeyStarted,
    refusals=(*SECRETS_OPENED, InvalidInput),
    description="Begin to add a passkey to the account.",
)
async def start_passkey(
    work: Work, context: Context, input: Annotated[StartPasskeyInput, strawberry.argument(description="The passkey.")]
) -> PasskeyStarted:
    """Begin to add a passkey."""
    asked = await accounts.start_passkey(
        work, viewer=context.viewer, name=input.name, public_url=context.runtime.settings.public_url
    )
    return PasskeyStarted(challenge=asked.challenge, options_json=orjson.dumps(asked.options).decode())


@strawberry.input(description="A passkey that the browser's authenticator made.")
class AddPasskeyInput:
    """A passkey."""

    challenge: str = strawberry.field(description="The challenge of `startPasskey`, of the same sign-in.")
    credential_json: str = strawberry.field(
        description="RegistrationResponseJSON, as `PublicKeyCredential.toJSON` gives it, as a text."
    )


@strawberry.type(description="The passkey can sign in, alone or as a second factor.")
class PasskeyAdded:
    """What addPasskey gives."""

    passkey: Passkey = strawberry.field(description="The passkey.")
    recovery_codes: list[str] = strawberry.field(
        description="Fresh recovery codes, shown this once; empty when the account has codes already."
    )


@mutation_field(
    PasskeyAdded,
    refusals=(*SECRETS_OPENED, InvalidInput, ChallengeExpired),
    description="Add the passkey. As the first second factor it ends the account's other sign-ins.",
)
async def add_passkey(
    work: Work, context: Context, input: Annotated[AddPasskeyInput, strawberry.argument(description="The passkey.")]
) -> PasskeyAdded:
    """Add a passkey."""
    added = await accounts.add_passkey(
        work,
        viewer=context.viewer,
        challenge=input.challenge,
        credential_json=input.credential_json,
        public_url=context.runtime.settings.public_url,
    )
    return PasskeyAdded(passkey=shown(added.passkey), recovery_codes=added.recovery_codes)


@strawberry.input(description="Another name for a passkey.")
class RenamePasskeyInput:
    """Another name."""

    passkey_id: ID = strawberry.field(description="Which passkey; of the viewer's account.")
    name: str = strawberry.field(description="What to call it; 1 to 80 characters.")


@strawberry.type(description="The passkey has its new name.")
class PasskeyRenamed:
    """What renamePasskey gives."""

    passkey: Passkey = strawberry.field(description="The passkey.")


@mutation_field(
    PasskeyRenamed, refusals=(SignInRequired, InvalidInput, NotFound), description="Rename a passkey of the account."
)
async def rename_passkey(
    work: Work, context: Context, input: Annotated[RenamePasskeyInput, strawberry.argument(description="The name.")]
) -> PasskeyRenamed:
    """Rename a passkey."""
    renamed = await accounts.rename_passkey(
        work, viewer=context.viewer, passkey_id=read_id(Kind.PASSKEY, input.passkey_id), name=input.name
    )
    return PasskeyRenamed(passkey=shown(renamed))


@strawberry.input(description="A passkey to remove.")
class RemovePasskeyInput:
    """A passkey to remove."""

    passkey_id: ID = strawberry.field(description="Which passkey; of the viewer's account.")


@strawberry.type(description="The passkey signs nobody in any more.")
class PasskeyRemoved:
    """What removePasskey gives."""

    passkey_id: ID = strawberry.field(description="The id it had.")


@mutation_field(
    PasskeyRemoved,
    refusals=(*SECRETS_OPENED, NotFound, SecondFactorMandatory),
    description="Remove a passkey of the account. Without any second factor, the recovery codes go too.",
)
async def remove_passkey(
    work: Work, context: Context, input: Annotated[RemovePasskeyInput, strawberry.argument(description="The passkey.")]
) -> PasskeyRemoved:
    """Remove a passkey."""
    passkey_id = read_id(Kind.PASSKEY, input.passkey_id)
    await accounts.remove_passkey(work, viewer=context.viewer, passkey_id=passkey_id)
    return PasskeyRemoved(passkey_id=input.passkey_id)


MUTATIONS = [start_passkey, add_passkey, rename_passkey, remove_passkey]
