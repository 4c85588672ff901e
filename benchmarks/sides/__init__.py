"""The sides that are compared in one environment: limpyd, and the same by hand."""
