"""Pages of findings: the list, one finding, and the inbox."""
