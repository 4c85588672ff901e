"""The import paths of limpyd 2, under which the same things are found."""
