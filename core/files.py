"""Files that appear whole or not at all, and folders only one job writes at a time."""

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import DataDirError


@contextmanager
def atomic_path(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Yield a draft path beside ``path`` and move it there when the block succeeds.

    The draft keeps the suffix, since some libraries choose the format by it. If the block fails
    the draft is removed and ``path`` stays as it was; a killed process leaves at most a hidden
    ``.draft-*`` file, which nothing reads.

    Args:
        path: the file to write; its folder is made if need be.
        durable: wait until the bytes are on the disk. A job that writes thousands of files skips
            this and calls ``os.sync()`` once before it writes down that they exist.

    Raises:
        DataDirError: the folder cannot be written.
    """
    draft = path.with_name(f".draft-{uuid.uuid4().hex[:12]}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        if durable:
            with draft.open("rb") as written:
                os.fsync(written.fileno())  # a rename must not outlive the bytes it points to
        draft.replace(path)
    except OSError as error:
        raise DataDirError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def write_atomic(path: Path, content: bytes, *, durable: bool = True, mode: int = 0o644) -> None:
    """Replace the content of ``path`` in one step; errors as in `atomic_path`."""
    with atomic_path(path, durable=durable) as draft:
        draft.touch(mode)  # before the content, so that a secret is never readable to others
        draft.write_bytes(content)


@contextmanager
def waiting_lock(folder: Path) -> Iterator[None]:
    """Let one process at a time into the block, for what is done in a moment.

    Raises:
        OSError: the folder cannot be opened.
    """
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX)
        yield
    finally:
        os.close(opened)


@contextmanager
def exclusive(folder: Path, job: str) -> Iterator[None]:
    """Hold ``folder`` for one job; the lock goes with the process, however it ends.

    Raises:
        DataDirError: another process holds it, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise DataDirError(f"cannot write {folder}: {error.strerror or error}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataDirError(f"cannot {job}: another job is writing {folder}") from error
        yield
