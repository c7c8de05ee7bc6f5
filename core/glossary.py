"""What words in the names of sights are in the other language: iron, железный.

Tourists ask in their own language for places whose names the data has in one language only. Proper
names survive transliteration; these words do not. A form that loses a vowel (замок, замки) stands
beside the word.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib import resources

from core.words import stems


@cache
def translations() -> Mapping[str, frozenset[str]]:
    """Stems of the other language by stem, from English to Russian and back."""
    table = (resources.files("core") / "glossary.csv").read_text(encoding="utf-8")
    found: dict[str, set[str]] = defaultdict(set)
    for row in csv.DictReader(table.splitlines()):
        [english] = stems(row["en"])
        for russian in stems(row["ru"]):
            found[english].add(russian)
            found[russian].add(english)
    return {stem: frozenset(others) for stem, others in found.items()}
