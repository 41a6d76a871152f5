"""The tests of accounts know the people of the portal's own cast."""

from tests.portal.cast import cast  # noqa: F401 - a fixture
