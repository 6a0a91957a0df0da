"""A provider of identities, for tests and for trying it out."""
