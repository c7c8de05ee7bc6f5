"""What the guide found, as the HTML a user reads."""

import html
from collections.abc import Iterable, Sequence

from bot.texts import WORDINGS, distance_in_words, share_in_words
from core.answers import PhotoHit, RankedPlace, Recognition
from core.catalogue import NearbyPlace
from core.kinds import informative_kinds, kind_label
from core.places import Place, Point

MAX_CATEGORIES = 3  # more would bury the answer
BETWEEN_CATEGORIES = " · "  # a label may have a comma inside

# Telegram takes 4096 characters of text and 1024 of caption. Five candidates, or one caption, stay
# below that when the only parts of unbounded length, those from data, are cut to these.
MAX_NAME_CHARS, MAX_CITY_CHARS, MAX_KINDS_CHARS, MAX_DESCRIPTION_CHARS = 100, 40, 120, 600


def describe_recognition(
    recognition: Recognition, language: str, *, here: Point | None = None, brief: bool = False
) -> str:
    """The best guess and how sure it is, the other candidates unless ``brief``.

    When the guide is not confident all candidates are offered alike, with the likely categories.
    """
    wording = WORDINGS[language]
    if not recognition.places:
        return wording.unknown
    if not recognition.confident:
        lines = [wording.unsure, *_candidates(recognition.places, language, claimed=False)]
        if categories := _categories(recognition, language):
            lines += ["", wording.looks_like.format(categories=categories)]
        return "\n".join(lines)
    best, *others = recognition.places
    name, *about = _about(best.place, language, here)
    lines = [f"{name} — {share_in_words(best.share, language)}", *about]
    if others and not brief:
        lines += ["", wording.candidates, *_candidates(others, language)]
    return "\n".join(lines)


def describe_place(place: Place, language: str) -> str:
    """A photo's caption: the place, its city and its categories, a line each."""
    return "\n".join(_about(place, language))


def describe_card(place: Place, language: str, here: Point | None = None) -> str:
    """All that is known about a place, as a caption; its distance if we know where ``here`` is."""
    description = _safe(place.description_in(language), MAX_DESCRIPTION_CHARS)
    about = "\n".join(_about(place, language, here))
    return f"{about}\n\n{description}" if description else about


def describe_nearby(nearby: Iterable[NearbyPlace], language: str) -> str:
    """Places and how far they are, a line each."""
    lines = (
        f"• {_name(near.place, language)} — {distance_in_words(near.distance_m, language)}"
        for near in nearby
    )
    return "\n".join(lines)


def name_place(place: Place, language: str) -> str:
    """A place's name inside a sentence."""
    return _name(place, language)


def address(place: Place, language: str) -> str:
    """What stands below the name on a map, without HTML: the city, else the category or name."""
    labels = [kind_label(kind, language) for kind in informative_kinds(place.kinds)]
    return next(filter(None, (place.city, *labels, place.name_in(language))))[:MAX_CITY_CHARS]


def list_places(hits: Iterable[PhotoHit], language: str) -> str:
    """What was found, in words alone; each place once, in order."""
    places = {hit.place.place_id: hit.place for hit in hits}
    names = (f"• {_name_and_city(place, language)}" for place in places.values())
    return "\n".join([WORDINGS[language].found_without_photos, *names])


def _about(place: Place, language: str, here: Point | None = None) -> list[str]:
    categories = _labels(informative_kinds(place.kinds), language)
    lines = [f"<b>{_name(place, language)}</b>", _city(place), categories]
    if here and place.point:
        distance = distance_in_words(here.distance_m(place.point), language)
        lines.append(WORDINGS[language].distance_from_you.format(distance=distance))
    return [line for line in lines if line]


def _categories(recognition: Recognition, language: str) -> str:
    """The likeliest categories, likeliest first; none that another one there implies."""
    kinds = [category.kind for category in recognition.categories]
    telling = informative_kinds(kinds)
    return _labels([kind for kind in kinds if kind in telling][:MAX_CATEGORIES], language)


def _labels(kinds: Iterable[str], language: str) -> str:
    labels = (kind_label(kind, language) for kind in kinds)
    return _safe(BETWEEN_CATEGORIES.join(labels), MAX_KINDS_CHARS)


def _candidates(ranked: Sequence[RankedPlace], language: str, *, claimed: bool = True) -> list[str]:
    return [
        f"• {_name_and_city(candidate.place, language)} — "
        f"{share_in_words(candidate.share, language, claimed=claimed)}"
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
