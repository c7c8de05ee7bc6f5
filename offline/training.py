"""Train the two heads over the gallery's embeddings: seconds of linear algebra, no torch.

A ridge regression from the embedding to 1 for what a photo shows and 0 for everything else: names
and categories at once, every place counting the same however many photos it has. It has one
solution, so there is nothing to stop early; and what it would have said of a photo had it not been
trained on that photo follows exactly from it, without training again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.embedders.base import Embeddings, unit_rows
from core.heads import Heads, Scores
from core.metrics import Rows
from offline.embedding_cache import PhotoEmbeddings
from offline.views import Views

# Of weights, against fitting noise. From 0.03 to 0.3 hit@1 falls by 0.004 on whole galleries and
# by 0.01 with three photos a place.
PENALTY = 0.03
ROWS_TOGETHER = 4096  # summed up at a time, to bound memory
KEPT = 8  # photos of one place, or looks at one photo, are left out one after another

_LeftOut = tuple[NDArray[np.float64], NDArray[np.float64]]


class Training:
    """Heads with all that is needed to know what they would say of photos they had not seen."""

    def __init__(
        self,
        visual: Embeddings,
        place_ids: Sequence[str],
        kinds: Mapping[str, Sequence[str]],
        looks: Embeddings | None = None,
        shown: Rows | None = None,
    ) -> None:
        """Train on a gallery.

        Args:
            visual: embeddings of its photos, (n, dim).
            place_ids: the place of each, n.
            kinds: categories by place_id.
            looks: more looks at some of the photos, to be learned like photos, (m, dim).
            shown: the photo that each of them shows, m.
        """
        self._visual = visual
        # Rows of what is learned, by the photo it is of: the photo itself first.
        self._looks = [[row] for row in range(len(visual))]
        if looks is not None and shown is not None:
            self._visual = np.concatenate([visual, looks])
            for look, row in enumerate(shown.tolist(), start=len(visual)):
                self._looks[row].append(look)
            place_ids = [*place_ids, *(place_ids[row] for row in shown)]
        sizes = Counter(place_ids)
        self._places = sorted(sizes)
        self._kinds = sorted({kind for place_id in sizes for kind in kinds[place_id]})
        kind_columns = {kind: len(sizes) + at for at, kind in enumerate(self._kinds)}
        self._shown = {  # columns that are 1 for the photos of a place
            place_id: [at, *sorted({kind_columns[kind] for kind in kinds[place_id]})]
            for at, place_id in enumerate(self._places)
        }
        self._place_ids = place_ids
        self._weights = np.array([len(place_ids) / len(sizes) / sizes[p] for p in place_ids])
        self._kept: dict[tuple[int, ...], _LeftOut] = {}
        self._inverse, targets = self._summed()
        self._solution = self._inverse @ targets
        weights = self._solution.astype(np.float32)
        self.heads = Heads(self._places, self._kinds, weights[:-1], weights[-1])

    def left_out(self, rows: Rows, visual: Embeddings | None = None) -> Scores:
        """What heads trained without the photos ``rows`` and their views say.

        All other photos keep the weight they had.

        Args:
            rows: of the gallery.
            visual: the queries, (queries, dim); None: the photos ``rows`` themselves.

        Returns:
            Scores, (queries, places + kinds).

        Source: the leave-out residuals of a linear smoother with hat matrix H are
        ``(I - H_rows)^-1 (y - fitted)_rows``; Cook & Weisberg, "Residuals and Influence in
        Regression", 1982, section 2.2.
        """
        out = tuple(np.asarray(rows).tolist())
        if out not in self._kept:
            while len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[out] = self._leave_out(out)
        influence, unseen = self._kept[out]
        queries = self._inputs(rows) if visual is None else _with_ones(visual)
        return np.asarray(queries @ self._solution - queries @ influence @ unseen, np.float32)

    def _leave_out(self, rows: tuple[int, ...]) -> _LeftOut:
        """What some photos add to the weights, as a product: (dim + 1, looks), (looks, scores)."""
        looks = np.array([look for row in rows for look in self._looks[row]])
        inputs = self._inputs(looks)
        influence = self._inverse @ (inputs * self._weights[looks, None]).T
        residuals = self._targets(looks) - inputs @ self._solution
        return influence, np.linalg.solve(np.eye(len(looks)) - inputs @ influence, residuals)

    def _summed(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The inverse of the inputs' penalised second moments, and the inputs times targets."""
        side = self._visual.shape[1] + 1
        moments = np.eye(side) * PENALTY
        products = np.zeros((side, len(self._places) + len(self._kinds)))
        for start in range(0, len(self._visual), ROWS_TOGETHER):
            rows = np.arange(start, min(start + ROWS_TOGETHER, len(self._visual)))
            inputs = self._inputs(rows)
            weighted = inputs * self._weights[rows, None]
            moments += inputs.T @ weighted
            products += weighted.T @ self._targets(rows)
        inverse = np.asarray(np.linalg.inv(moments), np.float64)
        return inverse, products

    def _inputs(self, rows: Rows) -> NDArray[np.float64]:
        return _with_ones(self._visual[rows])

    def _targets(self, rows: Rows) -> NDArray[np.float64]:
        targets = np.zeros((len(rows), len(self._places) + len(self._kinds)))
        for at, row in enumerate(rows):
            targets[at, self._shown[self._place_ids[row]]] = 1
        return targets


class Trainings:
    """Heads for the first look and for both networks, trained on the same photos and views."""

    def __init__(
        self,
        photos: PhotoEmbeddings,
        place_ids: Sequence[str],
        kinds: Mapping[str, Sequence[str]],
        views: Views,
    ) -> None:
        """Train on a gallery; as for `Training`."""
        dim = photos.visual.shape[1]
        first_looks = views.thorough
        if photos.second.shape[1]:
            first_looks = unit_rows(first_looks[:, :dim])
        self.first = Training(photos.visual, place_ids, kinds, first_looks, views.rows)
        self.thorough = self.first
        if photos.second.shape[1]:
            self.thorough = Training(photos.thorough, place_ids, kinds, views.thorough, views.rows)
        self._dim = dim

    def of(self, embedding: Embeddings) -> Training:
        """The one for embeddings that are as wide as this one."""
        return self.first if embedding.shape[1] == self._dim else self.thorough


def _with_ones(visual: Embeddings) -> NDArray[np.float64]:
    """Embeddings with a 1 behind, whose weight is the bias."""
    return np.column_stack([visual.astype(np.float64), np.ones(len(visual))])
