"""Planning: conditions and an order become one request."""
