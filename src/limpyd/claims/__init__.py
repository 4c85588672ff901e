"""Claims: values that are unique over several partitions.

An object is stored in the partition of its primary key, with its unique values in an index of that partition. What
keeps another partition from having the same value is a claim: a record in the partition that the value's hash names.
It says which partition may have the value. A claim comes before the write, and a claim of a process that ended is taken
over by whoever wants the value: there is no lock, and nothing expires.

Each partition has a clock, which counts what it refused. A claim that is taken over is void: the partition that had it
bars all claims made before that moment, so the write of a process that slept in between is refused.
"""
