"""Where the files of a model are: in a folder, in the model hub's cache, or on the hub."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from core.errors import EmbedderUnavailable

HUB_TIMEOUT_S = 10
WEIGHTS = {".safetensors", ".bin"}
SETTINGS = {".json", ".txt", ".model"}  # configuration, vocabulary, sentencepiece

WAYS_OUT = (
    "give a folder with a copy of the model (GUIDE_EMBEDDER=/path, or GUIDE_TEXT_MODEL=/path for"
    " the words' model), or use GUIDE_EMBEDDER=bundled"
)


def local_folder(source: str) -> Path | None:
    """Return the folder that ``source`` names, or None if it can only be an id on the hub.

    Raises:
        EmbedderUnavailable: ``source`` is a path, but not of a folder.
    """
    path = Path(os.path.expanduser(source))  # noqa: PTH111  Path.expanduser fails on ~nobody
    if path.is_dir():
        return path
    if path.exists() or path.is_absolute() or source.startswith(("~", ".")):
        raise EmbedderUnavailable(f"there is no model folder {source}: {WAYS_OUT}")
    return None


def cached_folder(model_id: str, cache_dir: Path | None) -> Path | None:
    """Return the copy in the hub's cache, which may be cut short, or None; asks no network.

    Raises:
        EmbedderUnavailable: the hub has no ids like this.
    """
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    for name in ("modules.json", "config.json"):
        try:
            path = try_to_load_from_cache(model_id, name, cache_dir=cache_dir)
        except HFValidationError as error:
            raise EmbedderUnavailable(
                f"{model_id} is neither a folder nor an id on the model hub: {WAYS_OUT}"
            ) from error
        if isinstance(path, str):
            return Path(path).parent
    return None


def download(model_id: str, cache_dir: Path | None) -> Path:
    """Bring a model from the hub into the hub's cache and return its folder there.

    Weights come last: a copy that has them has everything, even if the download was cut short.

    Raises:
        EmbedderUnavailable: the hub is out of reach or switched off, or has no such model.
    """
    from huggingface_hub import HfApi, snapshot_download

    try:
        # Asked with a time limit first: the download itself would wait for a silent hub for ever.
        listing = HfApi().model_info(model_id, timeout=HUB_TIMEOUT_S).siblings or []
        files = model_files(file.rfilename for file in listing)
        settings = [file for file in files if PurePosixPath(file).suffix in SETTINGS]
        snapshot_download(model_id, cache_dir=cache_dir, allow_patterns=settings)
        return Path(snapshot_download(model_id, cache_dir=cache_dir, allow_patterns=files))
    except Exception as error:  # of the network, the hub or the disk, in half a dozen families
        raise EmbedderUnavailable(
            f"cannot get model {model_id} from the model hub ({in_one_line(error)}): {WAYS_OUT}"
        ) from error


def model_files(names: Iterable[str]) -> list[str]:
    """Pick the files torch needs from the listing of a hub model or a folder, sorted.

    Left out: documents, hidden folders, exports for other runtimes, and pickled weights that lie
    beside safetensors.
    """
    paths = [PurePosixPath(name) for name in names]
    has_safetensors = {path.parent for path in paths if path.suffix == ".safetensors"}
    return sorted(
        str(path)
        for path in paths
        if path.suffix in WEIGHTS | SETTINGS
        and not (path.suffix == ".bin" and path.parent in has_safetensors)
        and path.parts[0] not in {"onnx", "openvino"}
        and not any(part.startswith(".") for part in path.parts)
    )


def fingerprint(folder: Path) -> str:
    """Digest the names and whole contents of a model's files; takes about 0.7 s a gigabyte."""
    files = (Path(root, name) for root, _, names in os.walk(folder) for name in names)
    digest = hashlib.sha256()
    for name in model_files(file.relative_to(folder).as_posix() for file in files):
        with (folder / name).open("rb") as content:
            digest.update(f"{name} {hashlib.file_digest(content, 'sha256').hexdigest()}\n".encode())
    return digest.hexdigest()


def in_one_line(error: Exception) -> str:
    """Shorten a foreign error's text to its first line."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
