"""Where the authorization server keeps what is about people."""

from domain.kernel.personal import Fate, PersonalData

PERSONAL = (
    PersonalData("oauth_grants", "account_id", Fate.DELETED),
    PersonalData("authorization_codes", "account_id", Fate.DELETED, shown=("scopes", "expires_at")),
    PersonalData("device_codes", "account_id", Fate.DELETED, shown=("scopes", "created_at")),
    PersonalData("oauth_clients", "account_id", Fate.KEPT, why="Clients belong to services, which are no persons."),
)
