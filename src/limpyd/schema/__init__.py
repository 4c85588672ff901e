"""The schema of a model: its fields, as they were declared, and where its data is."""
