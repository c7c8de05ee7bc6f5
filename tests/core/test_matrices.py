import json
import os
import subprocess
import sys

THREADS = """
import json
import sys

import numpy
from threadpoolctl import threadpool_info

from core.matrices import multiply_in_one_thread

if sys.argv[1] == "told":
    multiply_in_one_thread()
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
