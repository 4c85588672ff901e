"""Pipelines and transactions: operations that are collected, and sent together."""
