"""Expressions that the server computes of an object's own values: in updates, and in their conditions."""
