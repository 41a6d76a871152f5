"""Money in the database: NUMERIC without a scale, so an amount keeps the digits its bill gave it."""

from __future__ import annotations

from typing import Any

from django.db import models

DIGITS, PLACES = 38, 24
"""The most an amount may have: digits in all, and after the point."""


class MoneyField(models.DecimalField):  # type: ignore[type-arg]  # of Decimal, in and out
    """An exact amount. 14.20 comes back as 14.20, and a sum has the finest digit of its parts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"], kwargs["decimal_places"] = DIGITS, PLACES
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 - Django's signature
        return "numeric"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 - as above
        """The decimal as it is: Django would pad it to a scale."""
        return self.to_python(value)
