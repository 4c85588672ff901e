"""Deletions of objects to which objects of other partitions may refer.

Such a deletion takes several steps, each in one partition. It is decided in one of them, the one that deletes the
object and leaves a tomb. What follows is swept then, level by level: references are taken away (`clear`), or the
objects that refer are deleted too, and leave tombs themselves (`cascade`). At last the tombs are removed. Whoever meets
a tomb, and finds that nobody finishes it, takes the sweep over.

If others may forbid the deletion (`restrict`), they are asked first. All that is to go is closed, so nobody can refer
to it any more, and those who refer are found, level by level. Then either all is opened again, or the deletion is
decided. Whoever meets a closed object of a process that ended calls the deletion off; what was decided is finished
instead.

A reference to the object may be under way meanwhile (see limpyd.targets): it was checked, but is not written yet. So
the clock of the partition ticks when an object is closed or deleted, and the partitions of those who may refer bar all
older checks before they are looked at. A sweep that was taken over is barred in the same way.
"""
