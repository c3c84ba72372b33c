"""Webhooks out: what happens in shows, sent to the systems of their hosts, signed and in order.

endpoints    where hosts want to be told of what
following    reads the log of facts and writes deliveries, with its place in the log in the same transaction
delivering   sends them, object by object in order, and tries again for days
sender       the one module that connects to addresses that hosts give
"""

from domain.webhooks.delivery import Delivery, DeliveryAttempt, DeliveryState
from domain.webhooks.endpoint import (
    Endpoint,
    EndpointDisabled,
    EndpointId,
    EventType,
    TooManyEndpoints,
)
from domain.webhooks.endpoints import (
    create_endpoint,
    endpoint_by_id,
    endpoints_of_title,
    remove_endpoint,
    rotate_secret,
    update_endpoint,
)
from domain.webhooks.replaying import (
    attempts_of,
    deliveries_of,
    prune_deliveries,
    replay_delivery,
    replay_range,
    visible_deliveries,
)

__all__ = [
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "Endpoint",
    "EndpointDisabled",
    "EndpointId",
    "EventType",
    "TooManyEndpoints",
    "attempts_of",
    "create_endpoint",
    "deliveries_of",
    "endpoint_by_id",
    "endpoints_of_title",
    "prune_deliveries",
    "remove_endpoint",
    "replay_delivery",
    "replay_range",
    "rotate_secret",
    "update_endpoint",
    "visible_deliveries",
]
