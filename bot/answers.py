"""What the guide found, as the HTML a user reads."""

import html
from collections.abc import Iterable, Sequence
from itertools import islice

from bot.texts import WORDINGS
from core.guide import PhotoHit, RankedPlace, Recognition
from core.kinds import informative_kinds, kind_label
from core.places import Place

MAX_CATEGORIES = 3  # more would bury the answer
BETWEEN_CATEGORIES = " · "  # a label may have a comma inside

# Telegram takes 4096 characters of text and 1024 of caption. Five candidates, or one caption, stay
# below that when the only parts of unbounded length, those from data, are cut to these.
MAX_NAME_CHARS, MAX_CITY_CHARS, MAX_KINDS_CHARS = 300, 100, 500


def describe_recognition(recognition: Recognition, language: str) -> str:
    """The best guess with its share and category, the other candidates, the likely categories.

    When the guide is not confident all candidates are offered alike.
    """
    wording = WORDINGS[language]
    if not recognition.places:
        return wording.unknown
    best, *others = recognition.places
    if recognition.confident:
        name, *about = _about(best.place, language)
        lines = [f"{name} — {html.escape(percent(best.share))}", *about]
        if others:
            lines += ["", wording.candidates, *_candidates(others, language)]
    else:
        lines = [wording.unsure, *_candidates(recognition.places, language)]
    if categories := _category_shares(recognition, language):
        lines += ["", wording.categories.format(categories=categories)]
    return "\n".join(lines)


def describe_place(place: Place, language: str) -> str:
    """A photo's caption: the place, its city and its categories, a line each."""
    return "\n".join(_about(place, language))


def list_places(hits: Iterable[PhotoHit], language: str) -> str:
    """What was found, in words alone; each place once, in order."""
    places = {hit.place.place_id: hit.place for hit in hits}
    names = (f"• {_name_and_city(place, language)}" for place in places.values())
    return "\n".join([WORDINGS[language].found_without_photos, *names])


def percent(share: float) -> str:
    """A share as a whole percentage; one that rounds to nothing is "<1%"."""
    rounded = round(share * 100)
    return f"{rounded}%" if rounded or not share else "<1%"


def _about(place: Place, language: str) -> list[str]:
    labels = [kind_label(kind, language) for kind in informative_kinds(place.kinds)]
    categories = _safe(BETWEEN_CATEGORIES.join(labels), MAX_KINDS_CHARS)
    lines = (f"<b>{_name(place, language)}</b>", _city(place), categories)
    return [line for line in lines if line]


def _category_shares(recognition: Recognition, language: str) -> str:
    """The likeliest categories with their shares; none that another one there implies."""
    telling = informative_kinds(category.kind for category in recognition.categories)
    shares = (
        f"{kind_label(category.kind, language)} {percent(category.share)}"
        for category in recognition.categories
        if category.kind in telling
    )
    return _safe(BETWEEN_CATEGORIES.join(islice(shares, MAX_CATEGORIES)), MAX_KINDS_CHARS)


def _candidates(ranked: Sequence[RankedPlace], language: str) -> list[str]:
    return [
        f"• {_name_and_city(candidate.place, language)} — {html.escape(percent(candidate.share))}"
        for candidate in ranked
    ]


def _name_and_city(place: Place, language: str) -> str:
    return ", ".join(part for part in (_name(place, language), _city(place)) if part)


def _name(place: Place, language: str) -> str:
    return _safe(place.name_in(language), MAX_NAME_CHARS)


def _city(place: Place) -> str:
    return _safe(place.city, MAX_CITY_CHARS)


def _safe(text: str, limit: int) -> str:
    """Text from data, cut to ``limit`` characters and escaped."""
    return html.escape(text if len(text) <= limit else text[: limit - 1] + "…", quote=False)
