"""Words that people read: marked here for translation, translated at the edges."""


def N_(message: str) -> str:  # noqa: N802  # gettext's own name for it
    """Mark a message for the catalogues without translating it."""
    return message
