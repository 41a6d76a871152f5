"""What was done, by whom, to what: append-only entries, sealed in signed Merkle batches.

Every write of the portal passes ``services.record`` in its own transaction. ``sealing`` closes what was
committed, ``verifier`` (a single file that knows nothing of the portal) proves an export.
"""
