"""The growth of costs: every public operation against each variable that its cost may depend on."""
