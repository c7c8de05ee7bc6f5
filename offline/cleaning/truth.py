"""Hold a run against what is known to be wrong with each source row."""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import SourceError
from offline.cleaning.findings import Reason
from offline.gallery import GalleryPhoto, PhotoKey, csv_reader

CLEAN = "clean"
EXACT_DUPLICATE = "exact_duplicate"  # found by the import: rows of one place that are one photo
CORRUPT = "corrupt"  # found by the import: rows that are no photo
ANY = "any"  # all reasons together
COLUMNS = ("file", "row", "slug", "label")
LABELS: Mapping[str, str] = {
    **{reason: reason for reason in Reason},
    "bw": Reason.BLACK_AND_WHITE,
    **{label: label for label in (CLEAN, EXACT_DUPLICATE, CORRUPT)},
}


@dataclass(frozen=True, slots=True)
class Score:
    """How well one reason was found; a share of nothing is None."""

    planted: int  # with this label
    flagged: int  # found for this reason
    right: int  # both
    found: int  # with this label, and found for whatever reason

    @property
    def precision(self) -> float | None:
        """Share of the flagged that have the label."""
        return self.right / self.flagged if self.flagged else None

    @property
    def recall(self) -> float | None:
        """Share of the planted that were flagged for this reason."""
        return self.right / self.planted if self.planted else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        both = self.planted + self.flagged
        return 2 * self.right / both if both else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A run against the truth."""

    scores: Mapping[str, Score]  # by reason, and of the import, those planted or flagged; last ANY
    clean: int  # photos labelled clean
    hits: Mapping[PhotoKey, Collection[Reason]]  # clean photos that were flagged, and why
    unlabelled: int  # photos none of whose rows has a label


def read_truth(path: Path) -> dict[str, str]:
    """Labels by source row (``file:row``): a reason, or ``clean exact_duplicate corrupt``.

    Raises:
        SourceError: the file cannot be read, lacks a column or has a label nobody knows.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv_reader(file)
            missing = set(COLUMNS) - {"slug"} - set(rows.fieldnames or ())
            if missing:
                raise SourceError(f"{path} has no column {', '.join(sorted(missing))}")
            return {f"{row['file']}:{row['row']}": LABELS[row["label"]] for row in rows}
    except KeyError as error:
        raise SourceError(
            f"{path} has an unknown label {error}, known: {', '.join(LABELS)}"
        ) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"cannot read {path}: {error}") from error


def evaluate(
    truth: Mapping[str, str],
    photos: Sequence[GalleryPhoto],
    flagged: Mapping[PhotoKey, Collection[Reason]],
) -> Evaluation:
    """Score what was flagged, and what the import had found before.

    Args:
        truth: labels by source row, see `read_truth`.
        photos: all photos imported from those rows, also those removed since.
        flagged: reasons of the candidates.

    Raises:
        SourceError: the truth is about none of these photos.
    """
    labels = {photo.key: _label(photo, truth) for photo in photos}
    known = {key: label for key, label in labels.items() if label}
    if not known:
        raise SourceError("the truth names no row that a photo of the gallery came from")
    reasons = {key: frozenset(flagged.get(key, ())) for key in known}
    scores = {str(reason): _score(reason, known, reasons) for reason in Reason}
    scores[EXACT_DUPLICATE] = _exact_duplicates(truth, photos)
    scores[CORRUPT] = _corrupt(truth, photos)
    scores = {name: score for name, score in scores.items() if score.planted or score.flagged}
    scores[ANY] = _any(known, reasons)
    return Evaluation(
        scores=scores,
        clean=sum(label == CLEAN for label in known.values()),
        hits={key: reasons[key] for key in known if known[key] == CLEAN and reasons[key]},
        unlabelled=len(labels) - len(known),
    )


def _label(photo: GalleryPhoto, truth: Mapping[str, str]) -> str | None:
    """What is wrong with a photo; that one of its rows repeats another is not about the photo."""
    labels = [truth[source] for source in photo.sources if source in truth]
    telling = (label for label in labels if label not in (CLEAN, EXACT_DUPLICATE))
    return next(telling, CLEAN) if labels else None


def _score(
    reason: Reason, known: Mapping[PhotoKey, str], reasons: Mapping[PhotoKey, Collection[Reason]]
) -> Score:
    planted = [key for key, label in known.items() if label == reason]
    return Score(
        planted=len(planted),
        flagged=sum(reason in found for found in reasons.values()),
        right=sum(reason in reasons[key] for key in planted),
        found=sum(bool(reasons[key]) for key in planted),
    )


def _any(known: Mapping[PhotoKey, str], reasons: Mapping[PhotoKey, Collection[Reason]]) -> Score:
    planted = [key for key, label in known.items() if label != CLEAN]
    right = sum(bool(reasons[key]) for key in planted)
    return Score(len(planted), sum(map(bool, reasons.values())), right, right)


def _exact_duplicates(truth: Mapping[str, str], photos: Iterable[GalleryPhoto]) -> Score:
    """The rows a photo has beyond one; which of equal rows is the repetition does not matter."""
    flagged = right = 0
    for photo in photos:
        labels = [truth[source] for source in photo.sources if source in truth]
        repeated = max(0, len(labels) - 1)
        flagged += repeated
        right += min(repeated, labels.count(EXACT_DUPLICATE))
    planted = sum(label == EXACT_DUPLICATE for label in truth.values())
    return Score(planted, flagged, right, right)


def _corrupt(truth: Mapping[str, str], photos: Iterable[GalleryPhoto]) -> Score:
    """The rows of which no photo came."""
    imported = {source for photo in photos for source in photo.sources}
    absent = [label for source, label in truth.items() if source not in imported]
    planted = sum(label == CORRUPT for label in truth.values())
    right = absent.count(CORRUPT)
    return Score(planted, len(absent), right, right)
