"""Who has what happens in shows sent to them."""

from enum import StrEnum

from domain.accounts import Policy, Role


class WebhooksAct(StrEnum):
    """What is done with webhooks."""

    MANAGE = "manage webhooks"


WEBHOOKS = Policy({WebhooksAct.MANAGE: frozenset({Role.HOST, Role.EDITOR})})
