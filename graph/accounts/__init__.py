"""Accounts: one's own and what it proves itself with, and other people's as staff sees and changes them."""

from graph.accounts import account, credentials, devices, household, passkeys, roles, services, settings, staff
from graph.accounts.devices import Device, own_devices

QUERIES = [*account.QUERIES, *services.QUERIES, *staff.QUERIES]
MUTATIONS = [
    *devices.MUTATIONS,
    *settings.MUTATIONS,
    *credentials.MUTATIONS,
    *passkeys.MUTATIONS,
    *household.MUTATIONS,
    *roles.MUTATIONS,
    *services.MUTATIONS,
    *staff.MUTATIONS,
]

__all__ = ["MUTATIONS", "QUERIES", "Device", "own_devices"]
