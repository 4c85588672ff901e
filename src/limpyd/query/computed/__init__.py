"""Expressions on an object's own values, which the server computes: in updates, and in their conditions."""
