"""An evaluation as lines for a terminal."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from offline.evaluating.evaluation import Comparison, Evaluation
from offline.evaluating.measures import SMALL, Measure
from offline.evaluating.tables import by_how

TITLES = {
    "gallery": "gallery, each photo asked of the rest",
    "queries": "labelled photos",
    "unknown": "photos of unknown places among known ones",
    "texts": "words",
}


def title(section: str) -> str:
    """What a section is about."""
    if section.startswith(SMALL):
        return f"gallery of {section.removeprefix(SMALL)} photos a place"
    return TITLES[section]


def summary(evaluation: Evaluation) -> list[str]:
    """Every measure with its interval, section by section, and what changed."""
    asked = evaluation.asked
    manifest = asked.snapshot.manifest
    return [
        f"snapshot {manifest.version}: {manifest.photos} photos of {manifest.places} places, "
        f"{asked.groups} different shots, {asked.alone} cannot be asked about; {manifest.embedder}",
        "beside each figure is the range of 95 % of its bootstrap samples",
        *(
            line
            for section, measures in evaluation.measures.items()
            for line in ["", title(section), *_figures(measures)]
        ),
        *(_by_kind(by_how(asked.outcomes.texts)) if asked.outcomes.texts else ()),
        *(_changes(evaluation.comparison) if evaluation.comparison else ()),
    ]


def _figures(measures: Mapping[str, Measure]) -> Iterator[str]:
    for name, measured in measures.items():
        yield (
            f"  {name.replace('_', ' '):36}{figure(measured.value)}   "
            f"{figure(measured.interval.low)} ..{figure(measured.interval.high)}"
        )


def _by_kind(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"  {'':16}{'lang':>6}{'asked':>7}{'hit@1':>8}{'prec@5':>8}{'MRR':>8}{'refused':>9}"
    for row in rows:
        yield (
            f"  {row['how']:16}{row['lang']:>6}{row['queries']:7}{row['hit_1']:8.3f}"
            f"{row['precision_5']:8.3f}{row['mrr']:8.3f}{row['refused']:9.3f}"
        )


def _changes(comparison: Comparison) -> Iterator[str]:
    yield ""
    yield f"changes since {comparison.file} (snapshot {comparison.snapshot})"
    found = [change for changes in comparison.sections.values() for change in changes]
    if any(change.exceeds for change in found):
        yield " clear: zero lies outside the range of 95 %"
    for section, changes in comparison.sections.items():
        yield f" {title(section)}, {changes[0].queries} asked both times"
        for change in changes:
            name = change.name.replace("_", " ")
            told = f"  {name:36}{figure(change.before)} ->{figure(change.now)}"
            if not math.isnan(change.now - change.before):
                low, high = change.interval.low, change.interval.high
                told += f"   {change.now - change.before:+.3f} ({low:+.3f} .. {high:+.3f})"
            yield told + "  clear" * change.exceeds


def figure(value: float) -> str:
    """A figure in six characters; a dash for what is undefined."""
    return "-".rjust(6) if math.isnan(value) else f"{value:6.3f}"
