"""A provider of text messages as Africa's Talking is one, for tests and the demo."""
