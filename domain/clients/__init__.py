"""Clients: the programs that ask, and the documents that their builds have registered.

A build names itself by client and version, and brings every document it will ever send. From then on it sends ids
only. An id stands for one text for ever, whichever client uses it, so that caches may keep answers by their address.
"""

from domain.clients.documents import ClientDocument, DocumentIdTaken, document_text
from domain.clients.releases import Registered, Release, list_releases, register_release, retire_release

__all__ = [
    "ClientDocument",
    "DocumentIdTaken",
    "Registered",
    "Release",
    "document_text",
    "list_releases",
    "register_release",
    "retire_release",
]
