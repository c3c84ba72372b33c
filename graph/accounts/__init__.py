"""The viewer, its profiles and devices, and what it proves itself with."""

from graph.accounts import account, credentials, passkeys
from graph.accounts.account import Device, own_devices

QUERIES = account.QUERIES
MUTATIONS = [*account.MUTATIONS, *credentials.MUTATIONS, *passkeys.MUTATIONS]

__all__ = ["MUTATIONS", "QUERIES", "Device", "own_devices"]
