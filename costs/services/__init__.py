"""Every write of costs: ``bills`` stores, ``allocation`` splits, ``rules`` and ``budgets`` are set."""
