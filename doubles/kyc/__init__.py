"""A provider of checks of persons, for tests and the demo."""
