"""What machines have to do, and what became of it: the ledger of runs, the planner, the outbox.

PostgreSQL decides and Celery executes. A run is one row, claimed with a lease, fenced by a token and
committed in one transaction with its results. The broker only rings: it may be lost at any moment without
losing work.
"""
