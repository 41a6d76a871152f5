"""What was done, by whom, to what: append-only entries, sealed in signed Merkle batches.

Every write of the portal passes ``services.record`` in its own transaction. The database stamps and hashes
the entry and refuses changes; workers seal what was committed within seconds; ``verifier``, a single file
that knows nothing of the portal, proves an export.

It shows: that no sealed entry was changed, removed, moved or slipped in, by whomever owns the database,
as long as the signing key or the checkpoints outside are out of their reach. It does not show: what was
never recorded, what somebody with the rights of the application wrote under another name, and the loss of
an entry in the second before its first seal.
"""
