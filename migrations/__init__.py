"""The whole schema, revision by revision."""
