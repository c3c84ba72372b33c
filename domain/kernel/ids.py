"""Identifiers: UUID version 7, so that rows made one after the other lie side by side in an index."""

import os
import threading
import time
from uuid import UUID

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62

_lock = threading.Lock()
_last_ms = 0
_last_counter = 0


def new_id() -> UUID:
    """Return a new UUIDv7, strictly increasing within the process.

    Layout: RFC 9562, section 5.7; the 12 bits after the time are a counter (section 6.2, method 1),
    because several ids within one millisecond must keep the order in which they were made.
    """
    milliseconds, counter = _next_tick()
    random_bits = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | _VERSION_7 | (counter << 64) | _VARIANT | random_bits)


def _next_tick() -> tuple[int, int]:
    global _last_ms, _last_counter
    with _lock:
        now_ms = time.time_ns() // 1_000_000
        if now_ms > _last_ms:
            _last_ms, _last_counter = now_ms, 0
        else:
            _last_counter += 1
            if _last_counter > 0xFFF:
                # The counter is full, or the wall clock went back: borrow from the next millisecond.
                _last_ms, _last_counter = _last_ms + 1, 0
        return _last_ms, _last_counter


def plain_id(value: object) -> str:
    """Write an id as JSON text, for `orjson.dumps(default=…)`.

    Ids read from the database are of asyncpg's own subclass of UUID, and orjson writes no subclasses.
    """
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
