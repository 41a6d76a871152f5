"""The registry as the unmodified MLflow client speaks to it, under ``/api/2.0/mlflow/``.

``errors`` has the error body, ``filters`` the search grammar, ``wire`` the shapes, ``views`` the calls.
"""
