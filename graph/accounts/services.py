"""Service accounts and their API keys."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import ID

from domain import accounts
from domain.accounts import ApiKey as ApiKeyRow
from domain.accounts import Role, keys_of
from domain.kernel.refusals import Forbidden, InvalidInput, NotFound, SignInRequired
from domain.kernel.work import Work
from graph.accounts.records import AccountRecord
from graph.batching import batched, derived
from graph.context import Context
from graph.global_ids import Kind, global_id, read_id
from graph.payloads import shown
from graph.problems import Problem, problem
from graph.root_fields import mutation_field, query_field
from graph.rows import declares


@problem(accounts.TooManyKeys, description="The service has as many keys as it may. Revoke one first.")
class TooManyKeys(Problem):
    """Too many keys."""

    max: int = strawberry.field(description="How many it may have.")


async def keys_of_services(context: Context, keys: Sequence[UUID]) -> list[list[ApiKeyRow]]:
    """Load the keys of service accounts that still work."""
    return await keys_of(context.reads, keys)


@declares(ApiKeyRow)
@strawberry.type(description="A key by which a service acts. What it is was shown once, when it was made.")
class ApiKey:
    """A key."""

    key_id: ID = derived(lambda key, _: global_id(Kind.API_KEY, key.id), description="What to rotate or revoke it by.")
    name: str = strawberry.field(description="What it is called.")
    created_at: datetime = strawberry.field(description="When it was made.")
    expires_at: datetime = strawberry.field(description="When it stops to work.")
    last_used_at: datetime | None = strawberry.field(description="When it was used last, to a few seconds.")


@strawberry.type(description="A program's account, and the keys it acts by.")
class ServiceAccount:
    """A service."""

    record: strawberry.Private[AccountRecord]

    account: AccountRecord = derived(lambda row, _: row.record, description="The account.")
    keys: list[ApiKey] = batched(
        keys_of_services,
        key=lambda row: row.record.account.id,
        list_size=3,
        description="Its keys that work, the newest first.",
    )


@strawberry.input(description="A program's account.")
class CreateServiceAccountInput:
    """A service."""

    name: str = strawberry.field(description="What it is called; 1 to 80 characters.")
    roles: list[Role] = strawberry.field(description="What it may do; anything but administrate.")


@strawberry.input(description="A new key.")
class CreateApiKeyInput:
    """A key."""

    account_id: ID = strawberry.field(description="The service's account.")
    name: str = strawberry.field(description="What it is called; 1 to 80 characters.")
    lasts_days: int = strawberry.field(description="For how many days it works, 1 to 365.")


@strawberry.input(description="A key that another one is to follow.")
class RotateApiKeyInput:
    """A key."""

    key_id: ID = strawberry.field(description="The key.")
    overlap_hours: int = strawberry.field(description="For how many hours the old one still works, 0 to 168.")


@strawberry.input(description="A key that is not to work any more.")
class RevokeApiKeyInput:
    """A key."""

    key_id: ID = strawberry.field(description="The key.")


@strawberry.type(description="A new service account.")
class ServiceAccountCreated:
    """What createServiceAccount gives."""

    service: ServiceAccount = strawberry.field(description="The service.")


@strawberry.type(description="A new key. Send it as a bearer token.")
class ApiKeyCreated:
    """What a new key comes with."""

    key: ApiKey = strawberry.field(description="The key as it is listed.")
    secret: str = strawberry.field(description="The key itself. It is shown this once, and kept nowhere.")


@strawberry.type(description="The key does not work any more.")
class ApiKeyRevoked:
    """What revokeApiKey gives."""

    key_id: ID = strawberry.field(description="The id it had.")


@mutation_field(
    ServiceAccountCreated,
    refusals=(InvalidInput, SignInRequired, Forbidden),
    description="Make an account for a program. Administrators only.",
)
async def create_service_account(
    work: Work,
    context: Context,
    input: Annotated[CreateServiceAccountInput, strawberry.argument(description="The service.")],
) -> ServiceAccountCreated:
    """Make a service account."""
    account = await accounts.create_service_account(
        work, viewer=context.viewer, name=input.name, roles=frozenset(input.roles)
    )
    return ServiceAccountCreated(service=ServiceAccount(record=AccountRecord(account=account)))


@mutation_field(
    ApiKeyCreated,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden, accounts.TooManyKeys),
    description="Make a key for a service. Administrators only.",
)
async def create_api_key(
    work: Work, context: Context, input: Annotated[CreateApiKeyInput, strawberry.argument(description="The key.")]
) -> ApiKeyCreated:
    """Make a key."""
    made = await accounts.create_api_key(
        work,
        viewer=context.viewer,
        account_id=read_id(Kind.VIEWER, input.account_id),
        name=input.name,
        lasts_days=input.lasts_days,
    )
    return ApiKeyCreated(key=shown(made.key), secret=made.secret)


@mutation_field(
    ApiKeyCreated,
    refusals=(InvalidInput, NotFound, SignInRequired, Forbidden, accounts.TooManyKeys),
    description="Make a key that follows another, which still works for a while. Administrators only.",
)
async def rotate_api_key(
    work: Work, context: Context, input: Annotated[RotateApiKeyInput, strawberry.argument(description="The key.")]
) -> ApiKeyCreated:
    """Rotate a key."""
    key_id = read_id(Kind.API_KEY, input.key_id)
    made = await accounts.rotate_api_key(work, viewer=context.viewer, key_id=key_id, overlap_hours=input.overlap_hours)
    return ApiKeyCreated(key=shown(made.key), secret=made.secret)


@mutation_field(
    ApiKeyRevoked,
    refusals=(NotFound, SignInRequired, Forbidden),
    description="Let a key stop working at once. Administrators only.",
)
async def revoke_api_key(
    work: Work, context: Context, input: Annotated[RevokeApiKeyInput, strawberry.argument(description="The key.")]
) -> ApiKeyRevoked:
    """Revoke a key."""
    await accounts.revoke_api_key(work, viewer=context.viewer, key_id=read_id(Kind.API_KEY, input.key_id))
    return ApiKeyRevoked(key_id=input.key_id)


@query_field(list[ServiceAccount], description="The service accounts, the newest first. Administrators only.")
async def service_accounts(
    context: Context,
    first: Annotated[int, strawberry.argument(description="How many at most, 1 to 100.")] = 20,
) -> list[ServiceAccount]:
    """List the service accounts."""
    found = await accounts.service_accounts(context.reads, viewer=context.viewer, limit=first)
    return [ServiceAccount(record=AccountRecord(account=account)) for account in found]


QUERIES = [service_accounts]
MUTATIONS = [create_service_account, create_api_key, rotate_api_key, revoke_api_key]
