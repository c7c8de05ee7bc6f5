"""How a process that serves for months keeps its memory and its threads in check."""

import ctypes

# as in glibc's malloc.h
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8

# Bytes. A photo of 1280 x 960 pixels, as chats send it, is 5 MB once decoded. Were such buffers
# given back, the system would have to clear their pages for the next one: 4 ms of 20 a photo.
REUSED_UP_TO = 8 << 20
KEPT_FREE = 8 << 20


def prepare_to_serve() -> None:
    """Set the process up to answer queries; to be called before there are threads."""
    keep_heaps_small()
    multiply_in_one_thread()


def keep_heaps_small() -> None:
    """Share one heap among threads, reuse what photos need, and give larger buffers back.

    Left alone, glibc learns from every large picture to keep such buffers, on a heap of each
    thread's own: some 70 MB under load. To be called before there are threads. Other C libraries
    are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, REUSED_UP_TO)
    mallopt(M_TRIM_THRESHOLD, KEPT_FREE)
    mallopt(M_ARENA_MAX, 1)


def multiply_in_one_thread() -> None:
    """Leave numpy's products of matrices to the thread that asks for them.

    A query's take about a millisecond. The threads that OpenBLAS would share them out to go on
    spinning afterwards, on the processor that the models need next: with 13,000 photos words took
    twice as long, and three times the processor time.
    """
    # Imported here: numpy starts threads, and whoever only asks for help does not need it.
    import numpy  # noqa: F401 # loads the library that is told
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
