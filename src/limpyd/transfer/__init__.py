"""Getting objects out, and in: what stands for their values in JSON lines and in CSV."""
