"""Input without surprises: an unknown field is an error, JSON in a field is bounded and can be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework import serializers

from portal.api import strict


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses what it does not know, so that a typing error never passes for a default.

    The same for fields that are read only: who sends one expects it to be written.
    """

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = [name for name in data if name not in writable]
            if unknown:
                known = ", ".join(sorted(writable)) or "none"
                raise serializers.ValidationError(
                    {str(name)[:80]: [f"is not a field here; the fields are {known}"] for name in unknown}
                )
        return super().to_internal_value(data)


class SafeJSONField(serializers.JSONField):
    """Any JSON up to ``largest`` bytes, 20 levels deep, without NUL, lone surrogates and infinities."""

    default_error_messages = {"large": "is larger than {largest} bytes of JSON"}

    def __init__(self, *, largest: int = 65_536, **kwargs: Any) -> None:
        self.largest = largest
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        try:
            strict.check(data)
        except strict.NotJson as error:
            raise serializers.ValidationError({error.pointer.lstrip("/"): [error.detail]}) from error
        if len(orjson.dumps(data, default=str)) > self.largest:
            self.fail("large", largest=self.largest)
        return data
