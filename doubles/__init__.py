"""Stand-ins for other parties, each a process of its own that imports nothing of Makao."""
