"""The former path of `limpyd.migrations`."""
