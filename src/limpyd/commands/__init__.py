"""Commands: the table of what each does, and the descriptor that turns a method describing a request into a call."""
