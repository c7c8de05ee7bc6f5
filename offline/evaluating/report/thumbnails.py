"""Small copies of photos to put into a page."""

import base64
import io
from pathlib import Path

from core.errors import QueryError
from core.images import ImageLimits, load_image
from offline.evaluating.running import Questions

SIDE = 300  # pixels of the longer side
QUALITY = 72


class Thumbnails:
    """Photos of the gallery and of the questions as data URIs, so that a page needs no files."""

    def __init__(self, data_dir: Path, questions: Questions, limits: ImageLimits) -> None:
        """Find photos in ``data_dir`` and in the folders of ``questions``."""
        self._folders = {
            "gallery": data_dir,
            "queries": questions.queries,
            "unknown": questions.unknown,
        }
        self._limits = limits

    def of(self, section: str, path: str) -> str:
        """The photo that an outcome of ``section`` calls ``path``; "" if it is there no more."""
        folder = self._folders[section]
        if folder is None:
            return ""
        try:
            data = (folder / path).read_bytes()
            image = load_image(data, self._limits, min_side=SIDE)
        except (OSError, QueryError):
            return ""
        image.thumbnail((SIDE, SIDE))
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=QUALITY)
        return f"data:image/jpeg;base64,{base64.b64encode(jpeg.getvalue()).decode()}"
