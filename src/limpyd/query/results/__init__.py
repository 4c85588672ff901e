"""Results: what is read of each object that is found, and what is made of it."""
