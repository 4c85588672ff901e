"""The drivers, which send requests: one for each face."""
