"""What a process that runs for months keeps of the memory it once needed."""

import ctypes

M_MMAP_THRESHOLD = -3  # as in glibc's malloc.h
ON_THEIR_OWN = 1 << 20  # bytes


def give_back_large_buffers() -> None:
    """Have buffers of a megabyte and more given back to the system when they are done with.

    Left alone, glibc learns from every picture that such buffers come often, and keeps them on a
    heap of each thread's own: some 50 MB under load. Other C libraries are left as they are.
    """
    try:
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, ON_THEIR_OWN)
    except (OSError, AttributeError, TypeError):
        return
