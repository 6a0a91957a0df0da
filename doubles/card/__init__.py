"""A card provider with its own books: REST, a page to pay on, signed notices, switches to fail."""
