import platform
import subprocess
import sys

import pytest

KEPT_MB = """
import sys
from core.memory import keep_heaps_small

def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

if sys.argv[1] == "told":
    keep_heaps_small()
del (buffer := [bytearray(2 << 20)])[0]  # from here on glibc expects such buffers
before = resident_mb()
both = [(bytearray(2 << 20), bytes(2000)) for _ in range(60)]
between = [small for _, small in both]  # keeps the heap from shrinking
del both
print(resident_mb() - before)
"""


def kept_mb(how: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", KEPT_MB, how], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left alone")
def test_large_buffers_are_given_back_though_small_ones_lie_between() -> None:
    assert kept_mb("told") < 20 < kept_mb("not told")
