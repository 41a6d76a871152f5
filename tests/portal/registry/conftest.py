"""The registry's tests know the people and systems of the portal's own cast."""

from tests.portal.cast import cast  # noqa: F401 - a fixture
