"""How are we doing: samples of what machines measured, and KPIs with targets by pillar."""
