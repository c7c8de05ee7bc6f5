"""Choosing words: the language, the sentence for an error, shares and distances as people say them.

The sentences themselves are in `bot.locales`, a module per language.
"""

from collections.abc import Mapping

from bot.locales.en import EN
from bot.locales.ru import RU
from bot.locales.wording import Wording

WORDINGS: Mapping[str, Wording] = {"ru": RU, "en": EN}

# What a share of the vote is called, from where on.
SHARE_WORDS = ((0.85, "certain"), (0.6, "likely"), (0.35, "probable"), (0.15, "possible"))


def choose_language(language_code: str | None) -> str:
    """The language to answer in, for an IETF tag as Telegram sends it: Russian or else English."""
    return "ru" if (language_code or "").lower().split("-")[0] == "ru" else "en"


def share_in_words(share: float, language: str, *, claimed: bool = True) -> str:
    """A share in [0, 1] as people say it.

    A place of an answer that is not ``claimed`` is possible at most, whatever its share among the
    places offered: more would contradict "I am not sure".
    """
    words = WORDINGS[language].shares
    fitting = (word for least, word in SHARE_WORDS if share >= least)
    word = next(fitting, "unlikely")
    return words[word if claimed or word == "unlikely" else "possible"]


def distance_in_words(metres: float, language: str) -> str:
    """A distance as precise as a walker needs it: "350 m", "1.2 km", "12 km"."""
    wording = WORDINGS[language]
    if metres < 995:
        return wording.metres.format(number=max(10, 10 * round(metres / 10)))
    kilometres = f"{metres / 1000:.1f}" if metres < 9_950 else f"{metres / 1000:.0f}"
    return wording.kilometres.format(number=kilometres.replace(".", wording.decimal_mark))


def days_in_words(days: int, language: str) -> str:
    """A number of days: "1 day", "90 days"."""
    wording = WORDINGS[language]
    return (wording.one_day if days == 1 else wording.days).format(number=days)


def explain_error(error: Exception, language: str, *, max_photo_mb: float) -> str:
    """The sentence for ``error``: that of its own type, or of the closest base that has one."""
    sentences = WORDINGS[language].errors
    own_or_family = next(kind for kind in type(error).__mro__ if kind in sentences)
    return sentences[own_or_family].format(max_photo_mb=f"{max_photo_mb:g}")
