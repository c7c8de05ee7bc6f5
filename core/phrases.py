"""Phrases of known stems, compared with a query all at once; pure."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.words import Agreements

NOWHERE = np.empty(0, dtype=np.int64)


class Phrases:
    """Names or labels, by the stems that they consist of; results have a number for each."""

    def __init__(
        self, phrases: Sequence[Sequence[str]], weights: Mapping[str, float] | None = None
    ) -> None:
        """Take in some phrases.

        Args:
            phrases: the stems of each; none is empty.
            weights: how much each stem counts; all count 1 if None.
        """
        rows: dict[str, list[int]] = defaultdict(list)
        for row, phrase in enumerate(phrases):
            for stem in phrase:
                rows[stem].append(row)
        # of the phrases with a stem; one that has it twice comes twice
        self._rows = {stem: np.array(found) for stem, found in rows.items()}
        self._weights = weights or dict.fromkeys(rows, 1.0)
        self._lengths = np.array([len(phrase) for phrase in phrases])
        self._whole = self._sums({stem: self._weights[stem] for stem in rows})

    def covered(self, query: Collection[str], agreements: Agreements) -> NDArray[np.float64]:
        """Share of the stems of each phrase that a query has, misspelt or not, in [0, 1]."""
        found = {}
        for stem in self._rows.keys() & agreements.keys():
            alike = agreements[stem]
            sure = max((alike[word] for word in query if word in alike), default=0.0)
            found[stem] = sure * self._weights[stem]
        return self._sums(found) / self._whole

    def having(self, word: str, agreements: Agreements) -> NDArray[np.float64]:
        """How surely each phrase has a word of a query, misspelt or not, in [0, 1]."""
        best = np.zeros(len(self._lengths))
        for stem, sure in agreements.get(word, {}).items():
            rows = self._rows.get(stem, NOWHERE)
            best[rows] = np.maximum(best[rows], sure)
        return best

    def partly_by(self, stems: Collection[str], agreements: Agreements) -> NDArray[np.bool]:
        """Whether a query has but a part of each phrase, and only such as is among ``stems``."""
        found = self._sums(dict.fromkeys(agreements, 1.0))
        others = self._sums(dict.fromkeys(agreements.keys() - stems, 1.0))
        return np.asarray((found < self._lengths) & (others == 0))

    def _sums(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """The values of the stems of each phrase added up."""
        sums = np.zeros(len(self._lengths))
        for stem, value in values.items():
            np.add.at(sums, self._rows.get(stem, NOWHERE), value)
        return sums
