"""Queries: filters become conditions, conditions a plan, the plan one request."""
