"""Buttons under the bot's messages."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from aiogram.filters.callback_data import CallbackData
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)
from aiogram.utils.keyboard import InlineKeyboardBuilder

from bot.buttons import ChooseLanguage, ShowCard, ShowMap, ShowMore, ShowNearby, ShowPhotos, Verdict
from bot.texts import WORDINGS
from core.answers import Recognition
from core.places import Place

MAX_LABEL_CHARS = 40  # what a phone shows of a button
MAX_CITY_CHARS = 20
WIKIPEDIAS = {"ru": "ruwiki,enwiki", "en": "enwiki,ruwiki"}  # the first that has an article


def recognition_keyboard(
    recognition: Recognition, query: int | None, language: str
) -> InlineKeyboardMarkup | None:
    """Feedback, what to do with the best place, and a button for each candidate.

    Args:
        query: row in the query log; without one no feedback is asked for.
    """
    if not recognition.places:
        return None
    places = [candidate.place for candidate in recognition.places]
    wording, keyboard = WORDINGS[language], InlineKeyboardBuilder()
    if recognition.confident:
        keyboard.row(*_verdict(query, places[0], language))
        keyboard.row(*_actions(places[0], language))
    _add_places(keyboard, places, query, language)
    if query and not recognition.confident:
        keyboard.row(_button(wording.button_none, Verdict(query=query, place="", correct=False)))
    return keyboard.as_markup()


def card_keyboard(place: Place, query: int, language: str) -> InlineKeyboardMarkup:
    """Feedback if it is about a photo, what to do with a place, where to read about it."""
    keyboard = InlineKeyboardBuilder()
    keyboard.row(*_verdict(query, place, language))
    keyboard.row(*_actions(place, language, first_photo=1))
    if article := article_url(place, language):
        keyboard.row(InlineKeyboardButton(text=WORDINGS[language].button_article, url=article))
    return keyboard.as_markup()


def places_keyboard(
    places: Iterable[Place], language: str, *, more: ShowMore | ShowNearby | None = None
) -> InlineKeyboardMarkup:
    """A button for each place, each once, and one for more if there is more."""
    keyboard = InlineKeyboardBuilder()
    _add_places(keyboard, {place.place_id: place for place in places}.values(), None, language)
    if more:
        keyboard.row(_button(WORDINGS[language].button_more, more))
    return keyboard.as_markup()


def more_photos_keyboard(place: Place, first: int, language: str) -> InlineKeyboardMarkup:
    """A button for the photos of a place from ``first`` on."""
    more = ShowPhotos(place=place.key, first=first)
    return InlineKeyboardMarkup(inline_keyboard=[[_button(WORDINGS[language].button_photos, more)]])


def language_keyboard() -> InlineKeyboardMarkup:
    """Every language by its own name."""
    buttons = [
        _button(wording.own_name, ChooseLanguage(language=language))
        for language, wording in WORDINGS.items()
    ]
    return InlineKeyboardMarkup(inline_keyboard=[buttons])


def location_keyboard(language: str) -> ReplyKeyboardMarkup:
    """A button that sends where the person is; Telegram has it in private chats only."""
    button = KeyboardButton(text=WORDINGS[language].button_location, request_location=True)
    return ReplyKeyboardMarkup(keyboard=[[button]], resize_keyboard=True, one_time_keyboard=True)


def without_verdicts(keyboard: InlineKeyboardMarkup | None) -> InlineKeyboardMarkup | None:
    """The same buttons but those that ask for feedback."""
    if keyboard is None:
        return None
    rows = [
        [
            button
            for button in row
            if not (button.callback_data or "").startswith(f"{Verdict.__prefix__}:")
        ]
        for row in keyboard.inline_keyboard
    ]
    return InlineKeyboardMarkup(inline_keyboard=[row for row in rows if row])


def article_url(place: Place, language: str) -> str | None:
    """Wikipedia's article on a place, in the reader's language where there is one.

    The source names an item of Wikidata, which leads to the articles that are about it.
    """
    item = re.search(r"\bQ[1-9][0-9]{0,11}\b", place.wikidata)
    if item is None:
        return None
    wikis = WIKIPEDIAS[language]
    return f"https://www.wikidata.org/wiki/Special:GoToLinkedPage/{wikis}/{item.group()}"


def _verdict(query: int | None, place: Place, language: str) -> Sequence[InlineKeyboardButton]:
    if not query:
        return ()
    wording = WORDINGS[language]
    return (
        _button(wording.button_right, Verdict(query=query, place=place.key, correct=True)),
        _button(wording.button_wrong, Verdict(query=query, place=place.key, correct=False)),
    )


def _actions(
    place: Place, language: str, *, first_photo: int = 0
) -> Sequence[InlineKeyboardButton]:
    wording = WORDINGS[language]
    photos = _button(wording.button_photos, ShowPhotos(place=place.key, first=first_photo))
    if place.point is None:
        return (photos,)
    return (
        _button(wording.button_map, ShowMap(place=place.key)),
        photos,
        _button(wording.button_nearby, ShowNearby(place=place.key)),
    )


def _add_places(
    keyboard: InlineKeyboardBuilder, places: Iterable[Place], query: int | None, language: str
) -> None:
    places = list(places)
    names = Counter(place.name_in(language) for place in places)
    labels = Counter[str]()
    for place in places:
        label = name = place.name_in(language)
        if names[name] > 1:  # two monuments to one poet: which is it?
            label = _with_end(name, f", {_cut(place.city, MAX_CITY_CHARS)}" if place.city else "")
            labels[label] += 1
            label = _with_end(label, f" ({labels[label]})" if labels[label] > 1 else "")
        keyboard.row(_button(_with_end(label), ShowCard(query=query or 0, place=place.key)))


def _with_end(text: str, end: str = "") -> str:
    """A label that ends so, with as much before it as there is room for."""
    return _cut(text, MAX_LABEL_CHARS - len(end)) + end


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _button(text: str, data: CallbackData) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())
