"""What a person says is right: folders of labelled photos and lists of words."""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import QueryError, SourceError
from core.images import ImageLimits, check_image
from core.places import Place
from offline.gallery import csv_reader
from offline.sources.folder import TABLE
from offline.sources.items import Problem

TEXT_COLUMNS = ("query", "lang", "how", "relevant")
RELEVANT_SEPARATOR = ";"


class Labels:
    """Places by what people call them."""

    def __init__(self, places: Iterable[Place]) -> None:
        """Know ``places`` by their id and their names."""
        self._ids: dict[str, str] = {}
        self._names: dict[str, set[str]] = defaultdict(set)
        for place in places:
            self._ids[place.place_id.casefold()] = place.place_id
            for name in filter(None, (place.name, place.name_en)):
                self._names[_key(name)].add(place.place_id)

    def places(self, label: str) -> frozenset[str]:
        """Ids of the places with this id or, failing that, this name; empty for none.

        Case and punctuation do not matter, so "taj_mahal" is "Taj Mahal".
        """
        label = label.strip()
        if label.casefold() in self._ids:
            return frozenset({self._ids[label.casefold()]})
        return frozenset(self._names.get(_key(label), ()))


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo to ask about."""

    query: str  # path below the folder it was found in
    path: Path
    place_ids: frozenset[str]  # what it shows; empty if no known place


@dataclass(frozen=True, slots=True)
class LabelledText:
    """Words to ask about."""

    query: str
    language: str
    how: str
    relevant: frozenset[str]  # place_ids; empty for words that nothing fits


def read_labelled_photos(
    folder: Path, labels: Labels, problems: list[Problem], limits: ImageLimits
) -> list[LabelledPhoto]:
    """The photos of ``folder/<place_id or name>/``, at any depth; as an import takes them.

    Args:
        folder: hidden files and folders in it are passed over.
        labels: known places.
        problems: receives labels nobody knows and files that are no photos.
        limits: photos beyond are reported.

    Raises:
        SourceError: there is no photo of any known place.
    """
    found = []
    for path in sorted(path for path in folder.iterdir() if not path.name.startswith(".")):
        if not path.is_dir():
            if path.name != TABLE:
                problems.append(Problem(path.name, "it lies in no folder named by a place"))
            continue
        place_ids = labels.places(path.name)
        if not place_ids:
            problems.append(Problem(path.name, "the gallery has no place of that id or name"))
            continue
        photos = _photos(path, folder, problems, limits)
        found += [LabelledPhoto(*photo, place_ids) for photo in photos]
    if not found:
        raise SourceError(f"{folder} holds no photos in folders named by a place_id or a name")
    return found


def read_unknown_photos(
    folder: Path, problems: list[Problem], limits: ImageLimits
) -> list[LabelledPhoto]:
    """All photos in ``folder`` and below, which show no place of the gallery.

    Arguments are as of `read_labelled_photos`.

    Raises:
        SourceError: there are none.
    """
    photos = _photos(folder, folder, problems, limits)
    found = [LabelledPhoto(*photo, frozenset()) for photo in photos]
    if not found:
        raise SourceError(f"{folder} holds no photos")
    return found


def read_texts(path: Path, labels: Labels, problems: list[Problem]) -> list[LabelledText]:
    """The queries of a CSV ``query,lang,how,relevant``; what nobody knows is reported.

    ``relevant`` lists place_ids or names, parted by ``;``. It is empty for words that nothing fits.

    Raises:
        SourceError: the file cannot be read, lacks a column or has no usable row.
    """
    found = []
    for line, row in _rows(path):
        if row is None:
            problems.append(Problem(f"{path.name}:{line}", "the row has too many cells"))
            continue
        named = [label for label in row["relevant"].split(RELEVANT_SEPARATOR) if label.strip()]
        unknown = [label for label in named if not labels.places(label)]
        if unknown:
            reason = f"the gallery has no place {', '.join(unknown)}"
            problems.append(Problem(f"{path.name}:{line}", reason))
        relevant = frozenset().union(*(labels.places(label) for label in named))
        if relevant or not named:
            found.append(LabelledText(row["query"], row["lang"], row["how"], relevant))
    if not found:
        raise SourceError(f"{path} has no query about a place of the gallery")
    return found


def _key(name: str) -> str:
    """What is left of a name without case and punctuation."""
    # composed, since folders that came from a Mac have й in two characters
    composed = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(re.findall(r"[^\W_]+", composed))


def _photos(
    folder: Path, root: Path, problems: list[Problem], limits: ImageLimits
) -> Iterator[tuple[str, Path]]:
    """The photos in ``folder`` and below, with their paths below ``root``."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file():
            continue
        query = path.relative_to(root).as_posix()
        if reason := _refused(path, limits):
            problems.append(Problem(query, reason))
        else:
            yield query, path


def _refused(path: Path, limits: ImageLimits) -> str:
    """Why a file cannot be asked about, as far as its header tells; "" if it can."""
    try:
        size = path.stat().st_size
        if size > limits.max_bytes:  # and is not read
            return f"the file has {size / 1e6:.0f} MB, too big for a photo"
        check_image(path.read_bytes(), limits)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except QueryError as error:
        return str(error)
    return ""


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str] | None]]:
    """Line numbers with cells by column; None for a row that has more cells than the header."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv_reader(file)
            reader.restval = ""
            missing = set(TEXT_COLUMNS) - set(reader.fieldnames or ())
            if missing:
                raise SourceError(f"{path} has no column {', '.join(sorted(missing))}")
            for row in reader:
                if None in row:
                    yield reader.line_num, None
                elif row["query"].strip():
                    yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"cannot read {path}: {error}") from error
