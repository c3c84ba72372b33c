"""What every context stands on: money, ids, clock, refusals, paging, work, facts, bus, jobs, idempotency, crypto.

The kernel imports no context. A context imports the kernel and the contexts on lines above its own.
"""
