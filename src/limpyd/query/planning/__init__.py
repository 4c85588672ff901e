"""Planning: conditions and an order become one request.

The condition of each filter comes from the method `node` of its index, such as the one in indexes/ranges.py.
"""
