import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.errors import DataDirError
from core.files import atomic_path, exclusive, write_atomic


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a" / "b.txt", b"one")
    write_atomic(tmp_path / "a" / "b.txt", b"two")
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"two"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.txt"]


def test_two_may_write_the_same_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "b.txt"
    with atomic_path(path) as last, atomic_path(path) as first:
        last.write_bytes(b"last")
        first.write_bytes(b"first")
    assert path.read_bytes() == b"last"


def test_a_library_that_goes_by_the_name_of_a_file_writes_it_all_the_same(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "rows.npy") as draft:
        np.save(draft, [1, 2])  # would add what is missing of the name
    assert np.load(tmp_path / "rows.npy").tolist() == [1, 2]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "b.txt", b"old")

    def write_half() -> None:
        with atomic_path(tmp_path / "b.txt") as draft:
            draft.write_bytes(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert (tmp_path / "b.txt").read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_killed_write_leaves_the_old_file(tmp_path: Path) -> None:
    write_atomic(tmp_path / "b.txt", b"old")
    program = (
        "import os, signal, sys; from pathlib import Path; from core.files import atomic_path\n"
        "with atomic_path(Path(sys.argv[1])) as draft:\n"
        "    draft.write_bytes(b'half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", program, tmp_path / "b.txt"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (tmp_path / "b.txt").read_bytes() == b"old"


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataDirError, match="cannot write"):
        write_atomic(tmp_path / "file" / "b.txt", b"content")


def test_a_secret_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    write_atomic(tmp_path / "key", b"secret", mode=0o600)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_one_job_at_a_time(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path, "import"),
        pytest.raises(DataDirError, match="another job"),
        exclusive(tmp_path, "index"),
    ):
        pass


def test_a_lock_goes_with_the_process_that_held_it(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with exclusive(tmp_path, "import"):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with exclusive(tmp_path, "index"):
        pass
