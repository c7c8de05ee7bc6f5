"""What a process that runs for months keeps of the memory it once needed."""

import ctypes

# as in glibc's malloc.h
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8

ON_THEIR_OWN = 1 << 20  # bytes


def keep_heaps_small() -> None:
    """Have buffers of a megabyte and more given back when they are done with, and share one heap.

    Left alone, glibc learns from every picture that such buffers come often, and keeps them on a
    heap of each thread's own: some 70 MB under load. To be called before there are threads. Other
    C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, ON_THEIR_OWN)
    mallopt(M_ARENA_MAX, 1)
