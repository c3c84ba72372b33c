"""What our mails say. Plain text; what people typed themselves stands in none that goes to an unproved address."""

from enum import StrEnum


class MailTemplate(StrEnum):
    """The mails there are."""

    CONFIRM_SIGN_UP = "CONFIRM_SIGN_UP"
    ALREADY_SIGNED_UP = "ALREADY_SIGNED_UP"
    RESET_PASSWORD = "RESET_PASSWORD"  # noqa: S105 - names a mail
    CONFIRM_EMAIL = "CONFIRM_EMAIL"
    EMAIL_CHANGED = "EMAIL_CHANGED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - names a mail
    NEW_DEVICE = "NEW_DEVICE"
    CREDENTIAL_ADDED = "CREDENTIAL_ADDED"
    CREDENTIAL_REMOVED = "CREDENTIAL_REMOVED"
    RECOVERY_CODE_USED = "RECOVERY_CODE_USED"
    EXPORT_READY = "EXPORT_READY"
    ACCOUNT_ERASED = "ACCOUNT_ERASED"
    INVITATION = "INVITATION"
    WEBHOOK_DISABLED = "WEBHOOK_DISABLED"


_NOT_YOU = """
If this was not you, reset your password at {service}/forgot and sign out everywhere in your settings.
"""

TEXTS: dict[MailTemplate, tuple[str, str]] = {
    MailTemplate.INVITATION: (
        "You are invited to the staff",
        """You are invited to join the staff of {service}.

To accept, sign in or sign up with this address, then open this link within {lasts}:
{link}

If you did not expect it, do nothing.
""",
    ),
    MailTemplate.WEBHOOK_DISABLED: (
        "A webhook was disabled",
        """The webhook that you registered at {service} takes nothing any more, and was disabled:
{url}

What happened since is kept for some weeks. Repair the receiver, enable the webhook again, and replay what it missed.
""",
    ),
    MailTemplate.CONFIRM_SIGN_UP: (
        "Confirm your address",
        """Somebody, hopefully you, wants an account at {service} with this address.

To confirm it, open this link within {lasts}:
{link}

If it was not you, do nothing: without the link no account is made.
""",
    ),
    MailTemplate.ALREADY_SIGNED_UP: (
        "You already have an account",
        """Somebody, hopefully you, wanted an account at {service} with this address. There is one already.

Sign in at {service}/sign-in, or choose a new password at {service}/forgot.

If it was not you, do nothing: nothing has changed.
""",
    ),
    MailTemplate.RESET_PASSWORD: (
        "Choose a new password",
        """Somebody, hopefully you, wants to choose a new password for your account at {service}.

To do so, open this link within {lasts}:
{link}

If it was not you, do nothing: your password stays as it is.
""",
    ),
    MailTemplate.CONFIRM_EMAIL: (
        "Confirm your new address",
        """Somebody, hopefully you, wants to use this address for their account at {service}.

To confirm it, open this link within {lasts}:
{link}

If it was not you, do nothing.
""",
    ),
    MailTemplate.EMAIL_CHANGED: (
        "Your address was changed",
        """Your account at {service} now has another email address. Mail goes there from now on.

If this was not you, write to our support at once: this mail is the last to this address.
""",
    ),
    MailTemplate.PASSWORD_CHANGED: (
        "Your password was changed",
        """The password of your account at {service} was changed, and your other devices were signed out.
"""
        + _NOT_YOU,
    ),
    MailTemplate.NEW_DEVICE: (
        "A new device signed in",
        """A new device signed in to your account at {service}: {device}
"""
        + _NOT_YOU,
    ),
    MailTemplate.CREDENTIAL_ADDED: (
        "A way to sign in was added",
        """Your account at {service} can now be signed in to with {what}.
"""
        + _NOT_YOU,
    ),
    MailTemplate.EXPORT_READY: (
        "Your data is ready",
        """The file of everything that is kept about you is ready. Fetch it within a day in your settings at {service}.
"""
        + _NOT_YOU,
    ),
    MailTemplate.ACCOUNT_ERASED: (
        "Your account was deleted",
        """Your account at {service} was deleted, and what we knew of you with it. This mail is the last one.
""",
    ),
    MailTemplate.RECOVERY_CODE_USED: (
        "A recovery code was used",
        """One of the recovery codes of your account at {service} was used. Codes left: {left}
"""
        + _NOT_YOU,
    ),
    MailTemplate.CREDENTIAL_REMOVED: (
        "A way to sign in was removed",
        """Your account at {service} can no longer be signed in to with {what}.
"""
        + _NOT_YOU,
    ),
}
