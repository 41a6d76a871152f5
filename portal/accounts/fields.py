"""Fields of the API that name people."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portal.accounts.models import User


class PersonField(serializers.SlugRelatedField[User]):
    """A person by log-in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("username", queryset=User.objects.filter(is_active=True), **kwargs)
