"""Fields that are bound to an instance: what the commands of all types share."""
