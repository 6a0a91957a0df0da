"""What every request passes: who asks, what they may, and how a no is said."""
