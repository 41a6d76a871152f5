"""How are we doing: samples of what machines measured, and key figures with targets by pillar."""
