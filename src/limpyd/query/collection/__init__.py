"""The parts of collections that both faces have: each is a group of methods."""
