"""What sends requests: one driver per face."""
