"""What a pressed button says: ids in at most 64 bytes, good for as long as the guide knows them.

``place`` is a `Place.key`, ``query`` a row of the query log (0: no feedback is asked for).
"""

from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

First = Annotated[int, Field(ge=0)]  # how many have been shown


class ShowCard(CallbackData, prefix="card"):
    """What is known about a place."""

    query: int
    place: str


class ShowMap(CallbackData, prefix="map"):
    """A place on the map."""

    place: str


class ShowPhotos(CallbackData, prefix="photos"):
    """Photos of a place."""

    place: str
    first: First = 0


class ShowNearby(CallbackData, prefix="near"):
    """Places around a place, or around the person when ``place`` is empty."""

    place: str
    first: First = 0


class ShowMore(CallbackData, prefix="more"):
    """Further photos that fit the words of a query."""

    query: int
    first: First


class Verdict(CallbackData, prefix="say"):
    """Whether the photo of a query shows a place; an empty ``place`` stands for all offered."""

    query: int
    place: str
    correct: bool


class ChooseLanguage(CallbackData, prefix="lang"):
    """The language to answer in from now on."""

    language: str
