"""The service in a process of its own: `python -m tests.chaos.hub_server [unbounded]`.

`unbounded` makes it a twin whose outboxes have no bounds and give nobody up.
"""

import os
import sys

from domain.settings import Settings
from edge.local.server import serve
from graph.transports import outbox

if __name__ == "__main__":
    if "unbounded" in sys.argv:
        outbox.FRAMES_MAX = outbox.BYTES_MAX = outbox.FRAMES_FULL = outbox.BYTES_FULL = 10**12
        outbox.STALL_TIMEOUT_S = 10**6
    serve(Settings.from_env(os.environ))
