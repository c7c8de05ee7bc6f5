"""A matrix on disk of which a few rows are needed at a time."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.metrics import Rows


class MatrixFile:
    """An .npy file whose rows are read where they are asked for.

    Mapped into memory, all rows ever asked for would stay there until the system wants them gone.
    """

    def __init__(self, path: Path) -> None:
        """Open the file; it is closed with the last reference to this.

        Raises:
            OSError, ValueError: it cannot be read, or holds no matrix in C order.
        """
        self._file = path.open("rb", buffering=0)
        version = np.lib.format.read_magic(self._file)
        shape, fortran_order, self._dtype = (
            np.lib.format.read_array_header_1_0(self._file)
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0(self._file)
        )
        self._start = self._file.tell()
        self._row_bytes = shape[-1] * self._dtype.itemsize
        size = path.stat().st_size
        if len(shape) != 2 or fortran_order or size != self._start + shape[0] * self._row_bytes:
            raise ValueError(f"{path} holds no matrix that can be read by rows")
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
        content = bytearray()
        for row in np.asarray(rows, np.int64).tolist():
            if not 0 <= row < len(self):
                raise IndexError(f"there is no row {row} of {len(self)}")
            at = self._start + row * self._row_bytes
            content += os.pread(self._file.fileno(), self._row_bytes, at)
        made = np.frombuffer(content, self._dtype).reshape(len(rows), self.shape[1])
        return made.astype(np.float32)

    def all(self) -> NDArray[np.float32]:
        """The whole matrix in float32."""
        return self.rows(range(len(self)))
