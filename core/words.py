"""Words as they are compared: any script, ending, spelling or keyboard layout."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from threading import Lock

import snowballstemmer
from anyascii import anyascii
from rapidfuzz import fuzz, process

MAX_QUERY_CHARS = 256

# Words whose letters agree by this much or less are different words; short ones need to be closer.
DIFFERENT, DIFFERENT_SHORT = 0.6, 0.75
SHORT = 4  # letters
SAME_STEM, LONGEST_ENDING = 0.8, 3  # agreement of a stem with a word that kept its ending
TRANSLATED = 0.9  # agreement of a stem with what it is in another language
_ADJECTIVE_ENDINGS = frozenset({"aia", "iaia", "oi", "ie"})  # as `stems` leaves them
_CYRILLIC = re.compile("[а-я]")
_STEMMERS = {language: snowballstemmer.stemmer(language) for language in ("russian", "english")}
_stemming = Lock()  # a stemmer keeps the word it is at in itself

# The same keys on a Russian and on an English keyboard.
_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюё"
_ENGLISH_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_TO_RUSSIAN = str.maketrans(_ENGLISH_KEYS, _RUSSIAN_KEYS)
_TO_ENGLISH = str.maketrans(_RUSSIAN_KEYS, _ENGLISH_KEYS)


def stems(text: str) -> list[str]:
    """Stems of the words of a text in Latin letters: "«Белой башни»" -> ["bel", "bashn"].

    Case, accents, ё, quotes and the endings of Russian and English words do not matter.
    """
    folded = unicodedata.normalize("NFC", text[:MAX_QUERY_CHARS].casefold()).translate(_PLAINER)
    words = "".join(letter if _is_of_word(letter) else " " for letter in folded).split()
    return [stem for word in words for stem in _latin_stems(word)]


# ё is mostly written without its dots, d'If is one word, stress marks and soft hyphens say nothing.
_PLAINER = str.maketrans(
    {"ё": "е"}
    | dict.fromkeys("'’‘ʼ`\N{SOFT HYPHEN}")
    | dict.fromkeys(map(chr, range(0x300, 0x370)))
)


def _is_of_word(letter: str) -> bool:
    """Whether a character is a part of a word; in many scripts vowels are marks of their own."""
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


@lru_cache(maxsize=10_000)
def _latin_stems(word: str) -> tuple[str, ...]:
    """A word of another script may be several words in Latin letters."""
    stemmer = _STEMMERS["russian" if _CYRILLIC.search(word) else "english"]
    with _stemming:
        stem = stemmer.stemWord(word)
    latin = anyascii(stem).casefold()
    parts = [_folded(part) for part in re.findall(r"[a-z0-9]+", latin.replace("'", ""))]
    if len(word) <= SHORT:  # a doubled letter tells: a bell is not "bel", the stem of Russian white
        return tuple(parts)
    return tuple(re.sub(r"(.)\1", r"\1", part) for part in parts)


def _folded(latin: str) -> str:
    """Spellings of one sound made alike: Tadzh and Taj, Eyfel and Eiffel, Khram and Hram."""
    for spelling, sound in _SOUNDS:
        latin = latin.replace(spelling, sound)
    return latin


# Longer spellings first: each is replaced where it stands.
_SOUNDS = (
    ("shch", "sh"), ("sch", "sh"), ("dzh", "j"), ("zh", "j"), ("kh", "h"), ("ph", "f"),
    ("ck", "k"), ("ts", "c"), ("q", "k"), ("w", "v"), ("x", "ks"), ("y", "i"),
)  # fmt: skip


def other_layout(text: str) -> str:
    """The text as it would read, had it been typed on the other keyboard layout."""
    folded = text[:MAX_QUERY_CHARS].casefold()
    return folded.translate(_TO_ENGLISH if _CYRILLIC.search(folded) else _TO_RUSSIAN)


def agreement(word: str, other: str) -> float:
    """How surely two stems are the same word, in [0, 1]: 1 when equal, falling with misspelling."""
    different = DIFFERENT_SHORT if min(len(word), len(other)) <= SHORT else DIFFERENT
    alike = fuzz.ratio(word, other, score_cutoff=100 * different) / 100
    same_stem = _is_stem_of(word, other) or _is_stem_of(other, word)
    return max(SAME_STEM if same_stem else 0.0, (alike - different) / (1 - different))


def _is_stem_of(stem: str, word: str) -> bool:
    """Whether a word only adds an ending, as transliterated words keep theirs: bashn, bashnia."""
    if not word.startswith(stem):
        return False
    ending = word[len(stem) :]
    if len(stem) == SHORT - 1:  # a short stem may begin many a word: bel, belaia, but not belka
        return ending in _ADJECTIVE_ENDINGS
    return len(stem) >= SHORT and 0 < len(ending) <= LONGEST_ENDING


# How surely two stems are the same word, by either of them; what is missing does not agree at all.
Agreements = Mapping[str, Mapping[str, float]]


class Vocabulary:
    """Known stems, to find the few that agree with some words without comparing every pair."""

    def __init__(
        self, known: Iterable[str], translations: Mapping[str, frozenset[str]] | None = None
    ) -> None:
        """Know some stems, and what stems are in another language."""
        self._known = sorted(set(known))
        self._translations = {  # to known stems
            word: others
            for word, translated in (translations or {}).items()
            if (others := translated.intersection(self._known))
        }
        self._foreign = list(self._translations)

    def agreements(self, query: Iterable[str]) -> Agreements:
        """All agreements between stems of a query and known stems."""
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for word in dict.fromkeys(query):
            # Stems that differ by an ending are closer than that too, see `_is_stem_of`.
            close = process.extract(
                word, self._known, scorer=fuzz.ratio, score_cutoff=100 * DIFFERENT, limit=None
            )
            for other, _, _ in close:
                if sure := agreement(word, other):
                    found[word][other] = found[other][word] = sure
            for other, sure in self._translated(word):
                found[word][other] = found[other][word] = max(sure, found[word].get(other, 0.0))
        return found

    def _translated(self, word: str) -> Iterator[tuple[str, float]]:
        """Known stems that a word, misspelt or not, is in another language."""
        close = process.extract(
            word, self._foreign, scorer=fuzz.ratio, score_cutoff=100 * DIFFERENT, limit=None
        )
        for spelt, _, _ in close:
            if sure := TRANSLATED * agreement(word, spelt):
                for other in self._translations[spelt]:
                    yield other, sure
