"""References to objects of other partitions: the check that an object exists, before the write that refers to it.

A write is one step in one partition, the holder's. The object that it refers to, the target, may be in another one. So
a check asks the target's partition first: the object is there, and nobody is about to delete it. The reply has the time
of the clock of that partition. A deletion lets the clock tick, and bars all earlier checks in each partition whose
objects may refer, before it looks at who refers there. So the write of a process that slept in between is refused, and
checks again.

A check and a claim (see limpyd.claims) are promises of another partition on which a write rests: assumptions, whose
questions are asked of all at once, before anything is written.
"""
