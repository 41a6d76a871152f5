from django.apps import AppConfig


class DataConfig(AppConfig):
    name = "lifecycle.data"
    label = "data"
