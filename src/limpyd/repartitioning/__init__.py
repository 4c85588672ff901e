"""Repartitioning: the objects of a model move to a greater number of partitions.

They move in slices, while the model is in use (`repartitioning/slices.py`): `tests/protocols/online_model.py`,
`tests/protocols/moving_claims_model.py` and `tests/protocols/moving_feeds_model.py` explore that. Models of one
partition, and those with unique values that the mover does not declare, move behind a fence. Then no process reads
or writes the model meanwhile. The record of the number of partitions, and that in the catalog of each partition,
becomes the negative of the new number, with a new epoch: so whatever a process has read before, its writes are
refused. Movers go on from there, any number of them at once, and whatever becomes of each: the objects on their way
are in a parcel in the partition that they leave, until they have arrived. When all are in their places, the claims
of unique values and the counters follow, each partition gets the new number, and last the record.

`tests/protocols/repartition_model.py` explores all interleavings of these steps.
"""
