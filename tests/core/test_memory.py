import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="other C libraries are left alone"
)

TOLD = """
import sys
from core.memory import keep_heaps_small

if sys.argv[1] == "told":
    keep_heaps_small()
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

FAULTS_A_PHOTO = """
from resource import RUSAGE_SELF, getrusage

photo = b"x" * (5 << 20)
del photo
before = getrusage(RUSAGE_SELF).ru_minflt
for _ in range(20):
    photo = b"x" * (5 << 20)
    del photo
print((getrusage(RUSAGE_SELF).ru_minflt - before) / 20)
"""


def printed(program: str, how: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", TOLD + program, how], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def test_large_buffers_are_given_back_though_small_ones_lie_between() -> None:
    assert printed(KEPT_MB, "told") < 20 < printed(KEPT_MB, "not told")


def test_a_photo_gets_the_pages_of_the_one_before() -> None:
    assert printed(FAULTS_A_PHOTO, "told") < 20
