"""The same screens for programs."""
