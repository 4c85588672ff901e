"""Relocation: the objects of a model go to another server, or to a cluster, while they are in use.

Objects are copied, with digests of what was copied. Further passes compare digests, and copy what has changed. Then
the model is closed at its origin: the record of its number of partitions becomes a text that no process declares, with
a new epoch, so that all writes are refused whatever a process has read before. One more pass finds the rest, and the
model is opened at its destination, which was closed in the same way until then.

Each call takes a greater number than those before it, and records it in all partitions of the destination before it
copies anything. So of several calls only the last one goes on, whatever becomes of the others. The decision is one
step: either a call begins to open the model at its destination, or the move is abandoned and the origin is open again.

`tests/protocols/relocation_model.py` explores all interleavings of these steps.
"""
