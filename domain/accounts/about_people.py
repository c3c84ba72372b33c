"""Where accounts keep what is about people. Rows that others name come after those that name them."""

from domain.kernel.personal import Fate, PersonalData

PERSONAL = (
    PersonalData("idempotent_answers", "account_id", Fate.DELETED, shown=("operation", "created_at")),
    PersonalData("challenges", "account_id", Fate.DELETED, shown=("kind", "expires_at")),
    PersonalData("email_links", "account_id", Fate.DELETED),
    PersonalData("passkeys", "account_id", Fate.DELETED),
    PersonalData("passwords", "account_id", Fate.DELETED),
    PersonalData("totp_secrets", "account_id", Fate.DELETED),
    PersonalData("recovery_codes", "account_id", Fate.DELETED),
    PersonalData("identities", "account_id", Fate.DELETED),
    PersonalData("role_grants", "account_id", Fate.DELETED),
    PersonalData("role_grants", "granted_by", Fate.KEPT, why="Who gave a role to somebody answers for it."),
    PersonalData(
        "invitations", "invited_by", Fate.KEPT, shown=("role", "scope_kind"), why="They run out by themselves."
    ),
    PersonalData("api_keys", "account_id", Fate.DELETED),
    PersonalData("api_keys", "created_by", Fate.KEPT, shown=("name", "created_at"), why="The keys are the service's."),
    PersonalData("sign_ins", "account_id", Fate.DELETED),
    PersonalData("devices", "account_id", Fate.DELETED),
    PersonalData("profiles", "account_id", Fate.DELETED),
    PersonalData("exports", "account_id", Fate.DELETED, shown=("state", "created_at", "expires_at")),
    PersonalData(
        "account_keys", "account_id", Fate.KEPT, shown=("erased_at",), why="They say that a key is destroyed."
    ),
    PersonalData("staff_log", "account_id", Fate.KEPT, why="What staff has done stays written."),
    PersonalData(
        "staff_log", "subject_id", Fate.KEPT, shown=("at", "action", "reason"), why="What staff has done stays written."
    ),
    PersonalData(
        "accounts", "id", Fate.KEPT, why="Others name it; everything in it that is about somebody is blanked."
    ),
)
