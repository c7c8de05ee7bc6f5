"""What a person says is right: folders of labelled photos and lists of words."""

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import SourceError
from core.places import Place
from offline.asking import PHOTO_SUFFIXES
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
    folder: Path, labels: Labels, problems: list[Problem]
) -> list[LabelledPhoto]:
    """The photos of ``folder/<place_id or name>/``; a label nobody knows is reported.

    Raises:
        SourceError: there is no photo of any known place.
    """
    found = []
    for sub_folder in sorted(path for path in folder.iterdir() if path.is_dir()):
        place_ids = labels.places(sub_folder.name)
        if not place_ids:
            problems.append(Problem(sub_folder.name, "the gallery has no place of that id or name"))
            continue
        found += [LabelledPhoto(*photo, place_ids) for photo in _photos(sub_folder, folder)]
    if not found:
        raise SourceError(f"{folder} holds no photos in folders named by a place_id or a name")
    return found


def read_unknown_photos(folder: Path) -> list[LabelledPhoto]:
    """All photos in ``folder`` and below, which show no place of the gallery.

    Raises:
        SourceError: there are none.
    """
    found = [LabelledPhoto(*photo, frozenset()) for photo in _photos(folder, folder)]
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
    for line, row in enumerate(_rows(path), start=2):
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


def _photos(folder: Path, root: Path) -> list[tuple[str, Path]]:
    return [
        (path.relative_to(root).as_posix(), path)
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in PHOTO_SUFFIXES and path.is_file()
    ]


def _rows(path: Path) -> Sequence[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="")
            missing = set(TEXT_COLUMNS) - set(reader.fieldnames or ())
            if missing:
                raise SourceError(f"{path} has no column {', '.join(sorted(missing))}")
            return [row for row in reader if row["query"].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"cannot read {path}: {error}") from error
