from pathlib import Path

import numpy as np
import pytest

from core.matrix_file import MatrixFile


@pytest.mark.parametrize("kind", [np.float16, np.float32])
@pytest.mark.parametrize("shape", [(7, 5), (7, 0), (0, 5)])
def test_rows_are_read_as_they_were_written(
    tmp_path: Path, kind: type[np.floating], shape: tuple[int, int]
) -> None:
    matrix = np.random.default_rng(1).normal(size=shape).astype(kind)
    np.save(tmp_path / "m.npy", matrix)
    file = MatrixFile(tmp_path / "m.npy")
    assert (file.shape, len(file)) == (shape, shape[0])
    assert file.all().dtype == np.float32
    assert np.array_equal(file.all(), matrix)
    if len(matrix):
        assert np.array_equal(file.rows([3, 0, 3]), matrix[[3, 0, 3]])
    assert file.rows([]).shape == (0, shape[1])


def test_a_row_that_is_not_there_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(3))
    for row in (3, -1):
        with pytest.raises(IndexError):
            MatrixFile(tmp_path / "m.npy").rows([row])


@pytest.mark.parametrize("content", [b"", b"no matrix"])
def test_what_is_no_matrix_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.npy").write_bytes(content)
    with pytest.raises(ValueError, match="magic"):
        MatrixFile(tmp_path / "m.npy")


def test_a_matrix_cut_off_or_in_another_order_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "whole.npy", np.eye(3))
    (tmp_path / "cut.npy").write_bytes((tmp_path / "whole.npy").read_bytes()[:-1])
    np.save(tmp_path / "turned.npy", np.asfortranarray(np.ones((3, 2))))
    np.save(tmp_path / "deep.npy", np.ones((2, 2, 2)))
    np.save(tmp_path / "number.npy", np.array(1.0))
    for name in ("cut", "turned", "deep", "number"):
        with pytest.raises(ValueError, match="matrix"):
            MatrixFile(tmp_path / f"{name}.npy")


def test_a_matrix_that_becomes_shorter_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(3))
    file = MatrixFile(tmp_path / "m.npy")
    with (tmp_path / "m.npy").open("r+b") as written:
        written.truncate(150)
    with pytest.raises(OSError, match="shorter"):
        file.rows([2])


def test_the_file_is_closed_with_the_last_reference(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.eye(3))
    file = MatrixFile(tmp_path / "m.npy")
    opened = [str(path.resolve()) for path in Path("/proc/self/fd").iterdir() if path.exists()]
    assert str(tmp_path / "m.npy") in opened
    del file
    opened = [str(path.resolve()) for path in Path("/proc/self/fd").iterdir() if path.exists()]
    assert str(tmp_path / "m.npy") not in opened
