"""How do models come to be? The MLflow-compatible registry, releases and their approval (M4)."""
