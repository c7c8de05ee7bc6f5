"""How a process that serves for months keeps its memory and its threads in check."""

import ctypes
import gc
from contextlib import suppress
from pathlib import Path

# as in glibc's malloc.h and Linux' mman.h
M_TRIM_THRESHOLD = -1
M_MMAP_THRESHOLD = -3
MADV_DONTNEED = 4

MAPS = Path("/proc/self/maps")

# Bytes. A photo is 1 to 4 MB as the network that looks first wants it decoded. Were such buffers
# given back, the system would have to clear their pages for the next one.
REUSED_UP_TO = 4 << 20
KEPT_FREE = 4 << 20


def prepare_to_serve() -> None:
    """Set the process up to answer queries; to be called first."""
    keep_heaps_small()
    multiply_in_one_thread()


def keep_heaps_small() -> None:
    """Reuse the buffers that photos need, and give larger ones back to the system.

    Left alone, glibc learns from every large picture to keep such buffers, on the heap of each
    thread: some 70 MB under load. One heap for all threads would save no more, and cost time: the
    two that embed words allocate in each layer, both at once, so that one waits for the other,
    asleep, and a text takes 20 ms instead of 16. Other C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    mallopt(M_MMAP_THRESHOLD, REUSED_UP_TO)
    mallopt(M_TRIM_THRESHOLD, KEPT_FREE)


def settle() -> None:
    """Put away what starting left behind; to be called once, when all is loaded and warm.

    What was loaded stays for good: full collections of garbage need not walk over it. And heaps
    are full of holes where imports and loading were: some 17 MB.
    """
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


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


def unload_mapped(file: Path) -> None:
    """Take a file out of this process's memory that a library keeps mapped and needs no more.

    Whoever reads it there after all finds it as it is on disk: the system fetches it again. It must
    stay mapped meanwhile, and not have been written to in memory; what can be written to is left
    alone. Nothing happens where the system does not tell, as Linux does, what is mapped.
    """
    try:
        mapped = MAPS.read_text(errors="replace").split("\n")
    except OSError:
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    name = str(file.resolve())
    for line in mapped:
        fields = line.split(maxsplit=5)  # addresses, access, offset, device, inode, path
        if fields[5:] == [name] and "w" not in fields[1]:
            start, end = (int(address, 16) for address in fields[0].split("-"))
            madvise(start, end - start, MADV_DONTNEED)
