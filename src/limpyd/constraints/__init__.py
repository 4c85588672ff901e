"""Constraints of values: what a field's declaration demands of them."""
