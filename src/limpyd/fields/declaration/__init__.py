"""The declarations of fields: what all of them share."""
