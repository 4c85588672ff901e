"""Clusters: which node serves a slot, and how its answers lead to another one."""
