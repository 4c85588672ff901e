"""How what an operation costs grows: each public operation, with what it may grow with."""
