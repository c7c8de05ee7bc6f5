"""A matrix on disk of which a few rows are needed at a time."""

import os
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics import Rows

ROWS_TOGETHER = 4096  # read at a time


class MatrixFile:
    """An .npy file whose rows are read where they are asked for.

    Mapped into memory, all rows ever asked for would stay there until the system wants them gone.
    """

    def __init__(self, path: Path) -> None:
        """Open the file; it is closed with the last reference to this.

        Raises:
            OSError, ValueError: it cannot be read, or holds no matrix in C order.
        """
        with path.open("rb") as file:
            major, _ = np.lib.format.read_magic(file)
            read = np.lib.format
            header = read.read_array_header_1_0 if major == 1 else read.read_array_header_2_0
            shape, fortran_order, self._dtype = header(file)
            self._start = file.tell()
            size = file.seek(0, os.SEEK_END)
            if len(shape) != 2 or fortran_order or size != self._start + _bytes(shape, self._dtype):
                raise ValueError(f"{path} holds no matrix that can be read by rows")
            self._descriptor = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._descriptor)
        self.shape: tuple[int, int] = shape

    def __len__(self) -> int:
        """Rows there are."""
        return self.shape[0]

    def rows(self, rows: Rows | Sequence[int]) -> NDArray[np.float32]:
        """Some rows in float32, (len(rows), columns).

        Raises:
            IndexError: there is no such row.
            OSError: the file cannot be read.
        """
        made = np.empty((len(rows), self.shape[1]), np.float32)
        for at, row in enumerate(rows):
            made[at] = self._read(int(row), 1)
        return made

    def all(self) -> NDArray[np.float32]:
        """The whole matrix in float32."""
        made = np.empty(self.shape, np.float32)
        for start in range(0, len(self), ROWS_TOGETHER):
            count = min(ROWS_TOGETHER, len(self) - start)
            made[start : start + count] = self._read(start, count)
        return made

    def _read(self, start: int, count: int) -> NDArray[Any]:
        if not 0 <= start <= len(self) - count:
            raise IndexError(f"there is no row {start} of {len(self)}")
        wanted = _bytes((count, self.shape[1]), self._dtype)
        at = self._start + _bytes((start, self.shape[1]), self._dtype)
        content = os.pread(self._descriptor, wanted, at)
        if len(content) != wanted:
            raise OSError("a matrix became shorter while it was in use")
        return np.frombuffer(content, self._dtype).reshape(count, self.shape[1])


def _bytes(shape: tuple[int, int], dtype: np.dtype[Any]) -> int:
    return shape[0] * shape[1] * dtype.itemsize
