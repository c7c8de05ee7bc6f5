import json
import os
import platform
import subprocess
import sys
from mmap import ACCESS_COPY, ACCESS_READ, mmap
from pathlib import Path

import pytest

from core.process import unload_mapped
from tests.memory import SMAPS, resident_kb

glibc_only = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries are left alone"
)

linux_only = pytest.mark.skipif(not SMAPS.exists(), reason="only Linux tells")

TOLD = """
import sys
from core.process import prepare_to_serve

if sys.argv[1] == "told":
    prepare_to_serve()
"""

KEPT_MB = """
def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

del (buffer := [bytearray(12 << 20)])[0]  # from here on glibc expects such buffers
before = resident_mb()
both = [(b"x" * (12 << 20), bytes(2000)) for _ in range(10)]
between = [small for _, small in both]  # keeps the heap from shrinking
del both
print(resident_mb() - before)
"""

HOLES_MB = """
from core.process import settle

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

blocks = [bytes(16_000) for _ in range(2500)]
kept = blocks[::50]  # what holes lie between
before = resident_mb()
del blocks
if sys.argv[1] == "told":
    settle()
print(before - resident_mb())
"""

FAULTS_A_PHOTO = """
from resource import RUSAGE_SELF, getrusage

photo = b"x" * (3 << 20)
del photo
before = getrusage(RUSAGE_SELF).ru_minflt
for _ in range(20):
    photo = b"x" * (3 << 20)
    del photo
print((getrusage(RUSAGE_SELF).ru_minflt - before) / 20)
"""


def run(program: str, how: str) -> subprocess.CompletedProcess[str]:
    code = [sys.executable, "-c", TOLD + program, how]
    return subprocess.run(code, capture_output=True, text=True, check=True)


def printed(program: str, how: str) -> float:
    return float(run(program, how).stdout)


@glibc_only
def test_large_buffers_are_given_back_though_small_ones_lie_between() -> None:
    assert printed(KEPT_MB, "told") < 20 < printed(KEPT_MB, "not told")


@glibc_only
def test_holes_that_loading_left_are_given_back_once_all_is_there() -> None:
    assert printed(HOLES_MB, "told") > 20 > printed(HOLES_MB, "not told")


SET_ASIDE = """
import gc
import weakref

from core.process import settle

class Loaded:
    pass

gc.disable()
kept, garbage = Loaded(), Loaded()
garbage.itself = garbage
left = weakref.ref(garbage)
del garbage
settle()
print(left() is None, any(each is kept for each in gc.get_objects()))
"""


def test_full_collections_do_not_walk_over_what_was_loaded_and_no_garbage_is_kept() -> None:
    assert run(SET_ASIDE, "not told").stdout.split() == ["True", "False"]


@glibc_only
def test_a_photo_gets_the_pages_of_the_one_before() -> None:
    assert printed(FAULTS_A_PHOTO, "told") < 20


HEAPS = """
import ctypes
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

together = Barrier(2)

def allocate(_):
    together.wait()
    return bytearray(100_000)

with ThreadPoolExecutor(2) as threads:
    list(threads.map(allocate, range(2)))
ctypes.CDLL(None).malloc_stats()
"""


@glibc_only
def test_threads_that_allocate_at_once_do_not_wait_for_one_another() -> None:
    done = run(HEAPS, "told")
    assert [f"Arena {number}:" in done.stderr for number in range(3)] == [True] * 3


@linux_only
def test_a_mapped_file_is_taken_out_of_memory_and_still_there_to_read(tmp_path: Path) -> None:
    file = tmp_path / "weights (1).bin"
    file.write_bytes(bytes(range(256)) * 4096)
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_READ) as mapped:
        assert mapped[:] == file.read_bytes()
        assert resident_kb(file) == 1024
        unload_mapped(tmp_path / "weights.bin")
        assert resident_kb(file) == 1024
        (link := tmp_path / "current.bin").symlink_to(file)
        unload_mapped(link)
        assert resident_kb(file) == 0
        assert mapped[:] == file.read_bytes()


@linux_only
def test_what_was_written_to_mapped_memory_is_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "weights.bin"
    file.write_bytes(bytes(8192))
    with file.open("rb") as opened, mmap(opened.fileno(), 0, access=ACCESS_COPY) as mapped:
        mapped[:5] = b"hello"
        unload_mapped(file)
        assert mapped[:5] == b"hello"


THREADS = """
import json
import sys

import numpy
from threadpoolctl import threadpool_info

from core.process import prepare_to_serve

if sys.argv[1] == "told":
    prepare_to_serve()
by_numpy = [
    library["num_threads"]
    for library in threadpool_info()
    if library["user_api"] == "blas" and "numpy" in library["filepath"]
]
matrix = numpy.eye(300, dtype=numpy.float32)
print(json.dumps([by_numpy, bool((matrix @ matrix == matrix).all())]))
"""


def threads(told: str) -> list[int]:
    code = [sys.executable, "-c", THREADS, told]
    environment = {"OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(code, env=environment, capture_output=True, text=True, check=True)
    by_numpy, right = json.loads(done.stdout)
    assert right
    return list(by_numpy)


def test_matrices_are_multiplied_in_one_thread_once_told() -> None:
    left_alone, told = threads("left alone"), threads("told")
    assert told == [1] * len(left_alone) != []
    assert left_alone != told or len(os.sched_getaffinity(0)) == 1
