"""The addresses of MLflow's registry API."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from lifecycle.development.mlflow import model_versions as version
from lifecycle.development.mlflow import registered_models as model
from lifecycle.development.mlflow.call import Elsewhere, Handler, call

app_name = "mlflow"
PREFIX = "api/2.0/mlflow/"


def at(address: str, **table: Handler) -> URLPattern:
    """A route of the API; its name is its address."""
    return path(PREFIX + address, call(**table), name=address)


urlpatterns = [
    at("registered-models/create", post=model.create_model),
    at("registered-models/rename", post=model.rename_model),
    at("registered-models/update", patch=model.update_model),
    at("registered-models/delete", delete=model.delete_model),
    at("registered-models/get", get=model.get_model),
    at("registered-models/search", get=model.search_models),
    at("registered-models/get-latest-versions", get=model.latest_versions, post=model.latest_versions),
    at("registered-models/set-tag", post=model.set_model_tag),
    at("registered-models/delete-tag", delete=model.delete_model_tag),
    at(
        "registered-models/alias",
        get=model.version_by_alias,
        post=model.set_alias,
        delete=model.delete_alias,
    ),
    at("model-versions/create", post=version.create_version),
    at("model-versions/update", patch=version.update_version),
    at("model-versions/transition-stage", post=version.transition_version),
    at("model-versions/delete", delete=version.delete_version),
    at("model-versions/get", get=version.get_version),
    at("model-versions/search", get=version.search_versions),
    at("model-versions/get-download-uri", get=version.download_uri),
    at("model-versions/set-tag", post=version.set_version_tag),
    at("model-versions/delete-tag", delete=version.delete_version_tag),
    path("api/3.0/mlflow/server-info", call(get=version.server_info), name="server-info"),
    re_path(r"^api/[23]\.0/(?:preview/)?mlflow(?:-artifacts)?/.*", Elsewhere.as_view(), name="elsewhere"),
]
