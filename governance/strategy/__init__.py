"""Does AI serve what the organisation wants? Pillars, KPIs and what moves them (M1)."""
