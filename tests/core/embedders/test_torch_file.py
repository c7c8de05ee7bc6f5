import os
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.embedders.torch_file import MAGIC_NUMBER, PROTOCOL, read_state_dict
from core.errors import EmbedderUnavailable

MACHINE = {"protocol_version": PROTOCOL, "little_endian": True}


def pickled(value: Any) -> bytes:
    """Opcodes that build a value, without the frame of a whole pickle."""
    return pickle.dumps(value, 2)[2:-1]


def tensor(
    key: str,
    size: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int = 0,
    kind: str = "FloatStorage",
) -> bytes:
    storage = b"(" + pickled("storage") + f"ctorch\n{kind}\n".encode()
    storage += pickled(key) + pickled("cpu") + pickled(size) + b"NtQ"
    rest = b"".join(pickled(part) for part in (offset, shape, strides, False, None))
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + rest + b"tR"


def saved(
    tensors: dict[str, bytes],
    storages: dict[str, np.ndarray],
    header: Any = (MAGIC_NUMBER, PROTOCOL, MACHINE),
) -> bytes:
    """A file as torch would have saved it."""
    content = b"".join(pickle.dumps(part, 2) for part in header)
    content += b"\x80\x02ccollections\nOrderedDict\n)R("
    content += b"".join(pickled(name) + opcodes for name, opcodes in tensors.items()) + b"u."
    content += pickle.dumps(list(storages), 2)
    for storage in storages.values():
        content += storage.size.to_bytes(8, "little") + storage.tobytes()
    return content


SIX = np.arange(6, dtype="<f4")
WHOLE = tensor("1", 6, (2, 3), (3, 1))
GOOD = saved({"weight": WHOLE}, {"1": SIX})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


def test_tensors_come_by_name_with_their_types(path: Path) -> None:
    counts = np.array([7, 8], "<i8")
    tensors = {
        "weight": tensor("1", 6, (2, 3), (3, 1)),
        "count": tensor("2", 2, (2,), (1,), kind="LongStorage"),
    }
    path.write_bytes(saved(tensors, {"2": counts, "1": SIX}))
    read = read_state_dict(path)
    assert list(read) == ["weight", "count"]
    np.testing.assert_array_equal(read["weight"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(read["count"], [7, 8])
    assert (read["weight"].dtype, read["count"].dtype) == (np.float32, np.int64)


def test_tensors_may_be_views_of_one_storage(path: Path) -> None:
    tensors = {
        "turned": tensor("1", 6, (3, 2), (1, 3)),
        "tail": tensor("1", 6, (2,), (1,), offset=4),
        "number": tensor("1", 6, (), (), offset=5),
        "nothing": tensor("1", 6, (9, 0), (1, 1)),
    }
    path.write_bytes(saved(tensors, {"1": SIX}))
    read = read_state_dict(path)
    np.testing.assert_array_equal(read["turned"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(read["tail"], [4, 5])
    assert read["number"].shape == ()
    assert read["number"] == 5
    assert read["nothing"].shape == (9, 0)


@pytest.mark.parametrize(
    "opcodes",
    [
        tensor("1", 6, (7,), (1,)),
        tensor("1", 6, (2,), (1,), offset=5),
        tensor("1", 6, (2,), (1,), offset=-1),
        tensor("1", 6, (2, 3), (-3, 1)),
        tensor("1", 6, (10**9,), (0,)),
        tensor("1", 6, (2, 3), (1,)),
        tensor("2", 6, (2, 3), (3, 1)),
        tensor("1", 60, (2, 3), (3, 1)),
        tensor("1", 3, (3,), (1,)),
        tensor("1", 6, (2, 3), (3, 1), kind="DoubleStorage"),
        WHOLE.replace(b"ctorch\nFloatStorage\n", pickled("<f2")),
        WHOLE.replace(pickled("storage"), pickled("module")),
        WHOLE.replace(b"NtQ", pickled(("1", 0, 6)) + b"tQ"),
        pickled(5),
    ],
    ids=[
        "too long",
        "too far",
        "before the start",
        "backwards",
        "bomb",
        "one stride for two",
        "no such storage",
        "storage cut short",
        "storage larger than declared",
        "unknown type",
        "type of numpy's",
        "no storage",
        "view of a storage",
        "no tensor",
    ],
)
def test_tensors_outside_their_storage_are_refused(path: Path, opcodes: bytes) -> None:
    path.write_bytes(saved({"weight": opcodes}, {"1": SIX}))
    with pytest.raises(EmbedderUnavailable):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ((MAGIC_NUMBER, PROTOCOL + 1, MACHINE), "older layout"),
        ((MAGIC_NUMBER, PROTOCOL, MACHINE | {"little_endian": False}), "big-endian"),
    ],
)
def test_a_file_that_would_be_misread_is_refused(path: Path, header: Any, reason: str) -> None:
    path.write_bytes(saved({"weight": WHOLE}, {"1": SIX}, header))
    with pytest.raises(EmbedderUnavailable, match=reason):
        read_state_dict(path)


class Hostile:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("position", range(4))
def test_a_hostile_pickle_runs_nothing(path: Path, tmp_path: Path, position: int) -> None:
    mark = tmp_path / "ran"
    header: list[Any] = [MAGIC_NUMBER, PROTOCOL, MACHINE]
    tensors = {"weight": tensor("1", 6, (2, 3), (3, 1))}
    if position < 3:
        header[position] = Hostile(mark)
    else:
        tensors["evil"] = pickled(Hostile(mark))
    path.write_bytes(saved(tensors, {"1": SIX}, header))
    with pytest.raises(EmbedderUnavailable, match=r"asks for posix\.mkdir|older layout"):
        read_state_dict(path)
    assert not mark.exists()


def test_even_the_storage_keys_run_nothing(path: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path.write_bytes(GOOD.replace(pickle.dumps(["1"], 2), pickle.dumps(Hostile(mark), 2)))
    with pytest.raises(EmbedderUnavailable, match=r"asks for posix\.mkdir"):
        read_state_dict(path)
    assert not mark.exists()


def test_a_file_cut_short_anywhere_is_refused(path: Path) -> None:
    for length in range(len(GOOD)):
        path.write_bytes(GOOD[:length])
        with pytest.raises(EmbedderUnavailable):
            read_state_dict(path)


def test_a_damaged_file_never_raises_anything_unexpected(path: Path) -> None:
    chance = random.Random(1)
    for _ in range(500):
        damaged = bytearray(GOOD)
        damaged[chance.randrange(len(damaged) - SIX.nbytes)] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        try:
            read = read_state_dict(path)
        except EmbedderUnavailable:
            continue
        assert len(read) <= 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", pickle.dumps({"weight": 1}, 2)])
def test_other_files_are_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(EmbedderUnavailable, match=r"cannot read the weights in .*weights\.pth"):
        read_state_dict(path)


def test_a_missing_file_is_refused(path: Path) -> None:
    with pytest.raises(EmbedderUnavailable, match="No such file"):
        read_state_dict(path)
