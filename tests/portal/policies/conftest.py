from tests.portal.cast import cast  # noqa: F401 - a fixture
