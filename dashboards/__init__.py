"""Pages for executives: read only, over services.reports."""
