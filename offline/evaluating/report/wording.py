"""What the measures are called in the report, and what they mean."""

from collections.abc import Mapping

from offline.evaluating.measures import SMALL

SECTIONS: Mapping[str, str] = {
    "gallery": "The gallery, each photo asked of the rest",
    "queries": "Labelled photos",
    "unknown": "Photos of unknown places among known ones",
    "texts": "Words",
}


def section_title(section: str) -> str:
    """What a section is about."""
    if section.startswith(SMALL):
        return f"With {section.removeprefix(SMALL)} photos of each place"
    return SECTIONS[section]


MEASURES: Mapping[str, tuple[str, str]] = {
    "name_hit_1": ("Name right", "the first answer is the place"),
    "name_hit_5": ("Name among five", "the place is one of the first five answers"),
    "name_mrr": ("Name, MRR", "mean reciprocal rank: 1 for first, 1/2 for second, and so on"),
    "name_hit_1_by_place": ("Name right, mean of places", "every place counts the same"),
    "name_hit_5_by_place": ("Name among five, mean of places", "every place counts the same"),
    "category_hit_1": ("Category right", "the first category is one of the place's"),
    "category_hit_5": ("Category among five", "one of five categories is one of the place's"),
    "first_category_hit_1": ("Main category first", "the first category is the place's first one"),
    "first_category_hit_5": ("Main category among five", "the place's first category is offered"),
    "contest_category_hit_1": (
        "One category a place, right",
        "as if every place had but its first category",
    ),
    "contest_category_hit_5": (
        "One category a place, among five",
        "as if every place had but its first category",
    ),
    "contest_category_hit_5_by_category": (
        "One category a place, among five, mean of categories",
        "every category counts the same",
    ),
    "claimed": ("Claimed", "answers given with confidence"),
    "claimed_right": ("Right when claimed", "claimed answers that are right; unknown never are"),
    "calibration_error": (
        "Calibration error",
        "mean distance between a stated share and how often such answers are right",
    ),
    "similarity_auroc": (
        "Known vs unknown by similarity, AUROC",
        "chance that a photo of a known place is more similar to the gallery than an unknown one",
    ),
    "similarity_fpr_95": (
        "Unknown passing by similarity",
        "unknown photos as similar to the gallery as 95 % of the known ones",
    ),
    "certainty_auroc": (
        "Known vs unknown, AUROC",
        "chance that the guide is surer of a photo of a known place than of an unknown one",
    ),
    "certainty_fpr_95": (
        "Unknown passing",
        "unknown photos the guide is as sure of as of 95 % of the known ones",
    ),
    "claimed_known": ("Known claimed", "photos of known places answered with confidence"),
    "claimed_unknown": ("Unknown claimed", "photos of no known place answered with confidence"),
    "hit_1": ("First photo right", "the first photo shows a place that fits"),
    "precision_5": ("Photos right", "of five photos, those that show a place that fits"),
    "mrr": ("MRR", "mean reciprocal rank of the first photo that fits"),
    "names_all_5": ("Five of five for a name", "all photos show the place that was named"),
    "real_refused": ("Refused by mistake", "queries that something fits, answered with nothing"),
    "nonsense_refused": ("Nonsense refused", "queries that nothing fits, answered with nothing"),
}

LOWER_IS_BETTER = frozenset(
    {
        "calibration_error",
        "similarity_fpr_95",
        "certainty_fpr_95",
        "claimed_unknown",
        "real_refused",
    }
)
NEITHER_IS_BETTER = frozenset({"claimed"})

# The figures to look at first.
HEADLINES: Mapping[str, tuple[str, ...]] = {
    "photos": (
        "name_hit_1", "name_hit_5", "name_mrr", "category_hit_5", "claimed", "claimed_right",
        "calibration_error",
    ),
    "unknown": ("certainty_auroc", "claimed_unknown"),
    "texts": ("hit_1", "precision_5", "mrr"),
}  # fmt: skip
