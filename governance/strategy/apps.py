from django.apps import AppConfig


class StrategyConfig(AppConfig):
    name = "governance.strategy"
    label = "strategy"
