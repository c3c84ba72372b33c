"""Accounts: the people, their profiles and devices, how they sign in, and what roles they hold.

A `Viewer` is the person acting, as every other context sees it. Sign-ins are opaque tokens of which only the hash is
kept; ending one takes effect at the next request.
"""

from domain.accounts.account import (
    EmailTaken,
    account_by_email,
    accounts_by_id,
    create_account,
    devices_by_id,
    devices_of,
    profiles_by_id,
    profiles_of,
    remove_device,
    suspend_account,
)
from domain.accounts.attempts import Limit, TooManyAttempts, prune_attempts, take_attempt, take_attempts
from domain.accounts.demo import Persona, sign_in_demo
from domain.accounts.desk import Desk, Place
from domain.accounts.email_links import LinkExpired, link_token, prune_links, read_link
from domain.accounts.factors import Factor
from domain.accounts.held_sign_ins import Proof, end_held_sign_ins, proof_of, sign_in_client, viewer_by_sign_in
from domain.accounts.mail_texts import MailTemplate
from domain.accounts.mails import SEND_MAIL, KeptMail, Mail, keep_in_mailbox, mails_kept, queue_mail, write_mail
from domain.accounts.password_reset import OFFER_RESET, ask_for_reset, offer_reset_now, reset_password
from domain.accounts.password_sign_in import SignInFailed, sign_in_with_password
from domain.accounts.people import (
    Account,
    AccountId,
    Device,
    DeviceClass,
    DeviceId,
    Profile,
    ProfileId,
    Role,
    SignInId,
    Viewer,
    require_role,
    require_viewer,
)
from domain.accounts.pruning import forget_devices, idle_devices, prune_sign_ins
from domain.accounts.sign_in import SignedIn, living_sign_ins, sign_in, sign_out, viewer_by_token
from domain.accounts.sign_up import PasswordRequired, begin_sign_up, finish_sign_up, sign_up_link
from domain.accounts.smtp_sender import MailDelayed, MailServer, MailUndeliverable

__all__ = [
    "OFFER_RESET",
    "SEND_MAIL",
    "Account",
    "AccountId",
    "Desk",
    "Device",
    "DeviceClass",
    "DeviceId",
    "EmailTaken",
    "Factor",
    "KeptMail",
    "Limit",
    "LinkExpired",
    "Mail",
    "MailDelayed",
    "MailServer",
    "MailTemplate",
    "MailUndeliverable",
    "PasswordRequired",
    "Persona",
    "Place",
    "Profile",
    "ProfileId",
    "Proof",
    "Role",
    "SignInFailed",
    "SignInId",
    "SignedIn",
    "TooManyAttempts",
    "Viewer",
    "account_by_email",
    "accounts_by_id",
    "ask_for_reset",
    "begin_sign_up",
    "create_account",
    "devices_by_id",
    "devices_of",
    "end_held_sign_ins",
    "finish_sign_up",
    "forget_devices",
    "idle_devices",
    "keep_in_mailbox",
    "link_token",
    "living_sign_ins",
    "mails_kept",
    "offer_reset_now",
    "profiles_by_id",
    "profiles_of",
    "proof_of",
    "prune_attempts",
    "prune_links",
    "prune_sign_ins",
    "queue_mail",
    "read_link",
    "remove_device",
    "require_role",
    "require_viewer",
    "reset_password",
    "sign_in",
    "sign_in_client",
    "sign_in_demo",
    "sign_in_with_password",
    "sign_out",
    "sign_up_link",
    "suspend_account",
    "take_attempt",
    "take_attempts",
    "viewer_by_sign_in",
    "viewer_by_token",
    "write_mail",
]
