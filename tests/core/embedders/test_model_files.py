"""Download is proved against a small hub that speaks the client's protocol on this machine."""

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.embedders.model_files import (
    cached_folder,
    download,
    fingerprint,
    local_folder,
    model_files,
)
from core.errors import EmbedderUnavailable

MODEL_ID = "guide/model"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PUBLISHED = {
    "README.md": b"about",
    ".gitattributes": b"lfs",
    "modules.json": b"[]",
    "vocab.txt": b"[PAD]",
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"the same weights, pickled",
    "2_Dense/config.json": b"{}",
    "2_Dense/pytorch_model.bin": b"weights",
    "onnx/model.onnx": b"export",
    "onnx/config.json": b"{}",
    "openvino/openvino_model.bin": b"export",
    "tf_model.h5": b"export",
}
NEEDED = [
    "2_Dense/config.json",
    "2_Dense/pytorch_model.bin",
    "model.safetensors",
    "modules.json",
    "vocab.txt",
]


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_only_files_that_torch_reads_are_picked() -> None:
    assert model_files(PUBLISHED) == NEEDED


def test_a_fingerprint_tells_contents_and_names_but_not_places_or_documents(
    tmp_path: Path,
) -> None:
    here = fingerprint(write(tmp_path / "here", PUBLISHED))
    only_needed = {name: PUBLISHED[name] for name in NEEDED}
    assert fingerprint(write(tmp_path / "there", only_needed)) == here

    changed = only_needed | {"model.safetensors": b"Weights"}
    assert fingerprint(write(tmp_path / "changed", changed)) != here

    renamed = only_needed | {"merges.txt": only_needed["vocab.txt"]}
    del renamed["vocab.txt"]
    assert fingerprint(write(tmp_path / "renamed", renamed)) != here


def test_a_folder_is_found_and_an_id_is_not_taken_for_one(tmp_path: Path) -> None:
    assert local_folder(str(tmp_path)) == tmp_path
    assert local_folder("sentence-transformers/clip-ViT-B-32") is None


@pytest.mark.parametrize("source", ["/no/such/folder", "./nowhere", "~nobody/here", __file__])
def test_a_path_that_is_no_folder_is_an_error(source: str) -> None:
    with pytest.raises(EmbedderUnavailable, match="there is no model folder"):
        local_folder(source)


@dataclass
class Hub:
    """A model hub with one model."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(PUBLISHED))
    broken: set[str] = field(default_factory=set)  # files that answer 404 though they are listed
    sent: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for an address."""
        path = path.partition("?")[0]
        if path in {f"/api/models/{MODEL_ID}", f"/api/models/{MODEL_ID}/revision/main"}:
            siblings = [{"rfilename": name} for name in self.files]
            return (
                200,
                {},
                json.dumps({"id": MODEL_ID, "sha": COMMIT, "siblings": siblings}).encode(),
            )
        if path == f"/api/models/{MODEL_ID}/tree/{COMMIT}":
            tree = [
                {"type": "file", "path": name, "size": len(content), "oid": "0"}
                for name, content in self.files.items()
            ]
            return 200, {}, json.dumps(tree).encode()
        name = path.removeprefix(f"/{MODEL_ID}/resolve/{COMMIT}/")
        if name not in self.files or name in self.broken:
            return 404, {}, b""
        tag = hashlib.sha256(self.files[name]).hexdigest()
        return 200, {"X-Repo-Commit": COMMIT, "ETag": f'"{tag}"'}, self.files[name]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = hub.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)
                hub.sent.append(self.path.partition(f"/{COMMIT}/")[2])

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
    monkeypatch.setattr(
        "huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE",
        address + "/{repo_id}/resolve/{revision}/{filename}",
    )
    yield hub
    server.shutdown()
    server.server_close()


@pytest.mark.clip
def test_a_download_brings_what_is_needed_and_is_found_again(hub: Hub, tmp_path: Path) -> None:
    assert cached_folder(MODEL_ID, tmp_path) is None
    folder = download(MODEL_ID, tmp_path)
    there = sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())
    assert there == NEEDED
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    assert cached_folder(MODEL_ID, tmp_path) == folder
    assert fingerprint(folder) == fingerprint(write(tmp_path / "copy", PUBLISHED))


@pytest.mark.clip
def test_weights_come_only_after_everything_else(hub: Hub, tmp_path: Path) -> None:
    hub.broken.add("vocab.txt")
    with pytest.raises(EmbedderUnavailable, match=f"cannot get model {MODEL_ID}"):
        download(MODEL_ID, tmp_path)
    assert "modules.json" in hub.sent
    assert not {"model.safetensors", "2_Dense/pytorch_model.bin"} & set(hub.sent)


@pytest.mark.clip
def test_an_unknown_model_is_one_clear_line(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(EmbedderUnavailable) as caught:
        download("guide/other", tmp_path)
    assert "guide/other" in str(caught.value)
    assert "\n" not in str(caught.value)
