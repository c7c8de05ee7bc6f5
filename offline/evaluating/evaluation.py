"""One evaluation: ask, measure, and keep all that another one can be compared with."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import SourceError
from core.metrics import LEVEL, ROUNDS
from core.places import Place
from core.vote import TEMPERATURE, VOTES_PER_PLACE
from offline.evaluating import tables
from offline.evaluating.measures import (
    SMALL,
    Difference,
    Measure,
    differences,
    measure,
    sections,
)
from offline.evaluating.outcomes import Outcomes, PhotoOutcome, TextOutcome, as_json, from_json
from offline.evaluating.running import Asked
from offline.near_duplicates import SAME_BITS, SAME_COSINE

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Earlier:
    """An evaluation made before, as its file holds it."""

    file: str
    snapshot: str  # version that answered
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed since an earlier evaluation."""

    file: str
    snapshot: str  # version the earlier one asked
    sections: Mapping[str, Sequence[Difference]]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation of one snapshot."""

    asked: Asked
    created: datetime
    seed: int
    rounds: int  # samples the bootstrap drew
    measures: Mapping[str, Mapping[str, Measure]]  # by section, by name
    comparison: Comparison | None

    @property
    def places(self) -> Mapping[str, Place]:
        """The places of the snapshot by id."""
        return {place.place_id: place for place in self.asked.snapshot.places}

    def as_json(self) -> dict[str, Any]:
        """All of it for machines; the keys are stable, what was not asked is null."""
        manifest = self.asked.snapshot.manifest
        return {
            "format": FORMAT,
            "created": self.created.isoformat(timespec="seconds"),
            "snapshot": {
                "version": manifest.version,
                "created": manifest.created,
                "embedder": manifest.embedder,
                "photos": manifest.photos,
                "places": manifest.places,
                "thresholds": asdict(manifest.thresholds),
            },
            "settings": {
                "k": self.asked.k,
                "temperature": TEMPERATURE,
                "votes_per_place": VOTES_PER_PLACE,
                "near_duplicate_cosine": SAME_COSINE,
                "near_duplicate_bits": SAME_BITS,
                "seed": self.seed,
                "bootstrap_rounds": self.rounds,
                "bootstrap_level": LEVEL,
            },
            "gallery": self._photos("gallery", self.asked.outcomes.gallery)
            | {"groups": self.asked.groups, "alone": self.asked.alone},
            "small_galleries": {
                str(size): self._section(f"{SMALL}{size}", photos)
                for size, photos in self.asked.outcomes.small.items()
            },
            "queries": self._photos("queries", self.asked.outcomes.queries) or None,
            "unknown": self._section("unknown", self.asked.outcomes.unknown) or None,
            "texts": self._texts() or None,
            "against": self._against(),
            "problems": [
                {"source": problem.source, "reason": problem.reason}
                for problem in self.asked.problems
            ],
            "outcomes": {
                "gallery": [as_json(outcome) for outcome in self.asked.outcomes.gallery],
                "small_galleries": {
                    str(size): [as_json(outcome) for outcome in photos]
                    for size, photos in self.asked.outcomes.small.items()
                },
                "queries": [as_json(outcome) for outcome in self.asked.outcomes.queries],
                "unknown": [as_json(outcome) for outcome in self.asked.outcomes.unknown],
                "texts": [as_json(outcome) for outcome in self.asked.outcomes.texts],
            },
        }

    def _section(self, name: str, outcomes: Sequence[object]) -> dict[str, Any]:
        if name not in self.measures:
            return {}
        figures = {key: measured.as_json() for key, measured in self.measures[name].items()}
        return {"asked": len(outcomes), "measures": figures}

    def _photos(self, name: str, outcomes: Sequence[PhotoOutcome]) -> dict[str, Any]:
        section = self._section(name, outcomes)
        if not section:
            return {}
        return section | {
            "by_category": [asdict(part) for part in tables.by_category(outcomes, self.places)],
            "by_city": [asdict(part) for part in tables.by_city(outcomes, self.places)],
            "by_place": [asdict(part) for part in tables.by_place(outcomes, self.places)],
            "confusions": [
                {
                    "place_id": pair.place_id,
                    "answer": pair.answer,
                    "count": pair.count,
                    "claimed": pair.claimed,
                    "query": pair.example.query,
                    "photo": pair.example.photo,
                }
                for pair in tables.confusions(outcomes)
            ],
            "curves": tables.curves(outcomes),
        }

    def _texts(self) -> dict[str, Any]:
        section = self._section("texts", self.asked.outcomes.texts)
        return section and section | {"by_kind": tables.by_how(self.asked.outcomes.texts)}

    def _against(self) -> dict[str, Any] | None:
        if self.comparison is None:
            return None
        return {
            "file": self.comparison.file,
            "snapshot": self.comparison.snapshot,
            "changes": {
                section: [change.as_json() for change in changes]
                for section, changes in self.comparison.sections.items()
            },
        }


def evaluation_of(
    asked: Asked, *, seed: int, against: Earlier | None = None, rounds: int = ROUNDS
) -> Evaluation:
    """Measure answers and compare them with those of an earlier evaluation.

    Args:
        asked: the answers.
        seed: of the bootstrap.
        against: the earlier evaluation.
        rounds: samples the bootstrap draws.
    """
    return Evaluation(
        asked=asked,
        created=datetime.now(UTC),
        seed=seed,
        rounds=rounds,
        measures={
            section: measure(sample, statistics, seed=seed, rounds=rounds)
            for section, (sample, statistics) in sections(asked.outcomes).items()
        },
        comparison=_comparison(against, asked.outcomes, seed, rounds) if against else None,
    )


def _comparison(earlier: Earlier, outcomes: Outcomes, seed: int, rounds: int) -> Comparison:
    before = sections(earlier.outcomes)
    changes = {
        section: differences(before[section][0], sample, statistics, seed=seed, rounds=rounds)
        for section, (sample, statistics) in sections(outcomes).items()
        if section in before
    }
    asked_again = {section: found for section, found in changes.items() if found}
    return Comparison(earlier.file, earlier.snapshot, asked_again)


def read_earlier(path: Path) -> Earlier:
    """Read the JSON file of an evaluation, to compare another one with.

    Raises:
        SourceError: it cannot be read, or is of another release.
    """
    try:
        stored = json.loads(path.read_bytes())
        if stored["format"] != FORMAT:
            raise SourceError(f"{path} has format {stored['format']}, this release reads {FORMAT}")
        asked = stored["outcomes"]
        outcomes = Outcomes(
            gallery=[from_json(PhotoOutcome, one) for one in asked["gallery"]],
            small={
                int(size): [from_json(PhotoOutcome, one) for one in photos]
                for size, photos in asked["small_galleries"].items()
            },
            queries=[from_json(PhotoOutcome, one) for one in asked["queries"]],
            unknown=[from_json(PhotoOutcome, one) for one in asked["unknown"]],
            texts=[from_json(TextOutcome, one) for one in asked["texts"]],
        )
        return Earlier(str(path), stored["snapshot"]["version"], outcomes)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise SourceError(f"{path} is not a readable evaluation: {error}") from error
