"""The registry as the unmodified MLflow client speaks to it, under ``/api/2.0/mlflow/``.

``errors`` has the error body, ``filters`` the search grammar, ``wire`` the shapes, ``sources`` where versions
come from; ``registered_models`` and ``model_versions`` answer the calls.
"""
