"""Read a state dict saved by torch, without torch and without running what the file says.

The layout is the one torch wrote before it turned to zip files: pickles of a magic number, of the
protocol, of facts about the machine, of the dict itself and of the storage keys; then, for each
key, an int64 element count and the raw little-endian elements.
"""

import math
import pickle
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from core.errors import EmbedderUnavailable

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
ELEMENT_TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}

Storages = dict[str, NDArray[Any]]  # flat arrays by storage key


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Read every tensor of a state dict as an array (float32 or int64), by name.

    Raises:
        EmbedderUnavailable: the file is missing, damaged, or asks for anything but tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise EmbedderUnavailable(f"cannot read the weights in {path}: {error}") from error


def _read(file: BinaryIO) -> dict[str, NDArray[Any]]:
    if _PlainUnpickler(file).load() != MAGIC_NUMBER or _PlainUnpickler(file).load() != PROTOCOL:
        raise ValueError("not a file of torch's older layout")
    if not _PlainUnpickler(file).load()["little_endian"]:
        raise ValueError("written on a big-endian machine")
    unpickler = _StateDictUnpickler(file)
    tensors = unpickler.load()
    storages = _read_storages(file, _PlainUnpickler(file).load(), unpickler.storages)
    return {name: tensor.of(storages) for name, tensor in tensors.items()}


@dataclass(frozen=True, slots=True)
class _Storage:
    """Where a tensor's elements will be found; they stand after all pickles."""

    key: str
    element_type: str
    size: int  # elements


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A view of a storage; offset and strides count elements. Nothing in it can be trusted."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, storages: Storages) -> NDArray[Any]:
        """Copy the elements out of the storage."""
        elements = storages[self.storage.key]
        if min((self.offset, *self.strides)) < 0:
            raise ValueError("a tensor that goes backwards")
        last = self.offset + sum(
            (size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)
        )
        if 0 not in self.shape and max(last + 1, math.prod(self.shape)) > elements.size:
            raise ValueError("a tensor larger than its storage")
        strides = [stride * elements.itemsize for stride in self.strides]
        return as_strided(elements[self.offset :], self.shape, strides).copy()


class _PlainUnpickler(pickle.Unpickler):
    """Loads numbers, strings, lists and dicts only."""

    def find_class(self, module: str, name: str) -> Any:
        _refuse(module, name)


class _StateDictUnpickler(pickle.Unpickler):
    """Loads a state dict; the names it asks for are answered with harmless parts of our own."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        match module, name:
            case "collections", "OrderedDict":
                return OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _tensor
            case "torch", storage_type if storage_type in ELEMENT_TYPES:
                return ELEMENT_TYPES[storage_type]
        _refuse(module, name)

    def persistent_load(self, pid: Any) -> _Storage:
        kind, element_type, key, _device, size, view = pid
        if kind != "storage" or element_type not in ELEMENT_TYPES.values() or view is not None:
            raise ValueError("an unknown kind of storage")
        return self.storages.setdefault(key, _Storage(key, element_type, size))


def _refuse(module: str, name: str) -> NoReturn:
    raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no weights need")


def _tensor(storage: _Storage, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def _read_storages(file: BinaryIO, keys: list[str], declared: dict[str, _Storage]) -> Storages:
    storages = {}
    for key in keys:
        storage = declared[key]
        if int.from_bytes(file.read(8), "little") != storage.size:
            raise ValueError("a storage of another size than declared")
        content = file.read(storage.size * np.dtype(storage.element_type).itemsize)
        storages[key] = np.frombuffer(content, storage.element_type, storage.size)
    return storages
