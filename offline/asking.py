"""Ask the guide without Telegram: the inputs of ``ask`` and how its answers read."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from core.answers import Recognition, SearchResult
from core.errors import GuideError, UnreadableImage
from core.guide import CityGuide
from core.kinds import informative_kinds, kind_label
from core.places import Place

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"}
)

WORTH_SAYING = 0.01  # share below which people are not bothered with a candidate

Answer = Recognition | SearchResult | GuideError


async def ask(guide: CityGuide, inputs: Iterable[str]) -> AsyncIterator[tuple[str, Answer]]:
    """Answer each input in turn; what cannot be answered yields its error and the rest goes on."""
    for asked in inputs:
        try:
            if is_photo(asked):
                data = await asyncio.to_thread(_read, Path(asked))
                yield asked, await guide.recognize(data)
            else:
                yield asked, await guide.search(asked)
        except GuideError as error:
            yield asked, error


def is_photo(asked: str) -> bool:
    """Whether an input means a file: it or a folder exists, or its name could only be a photo's."""
    try:
        exists = Path(asked).is_file() or (asked != "" and Path(asked).is_dir())
    except (OSError, ValueError):  # longer than any path, or with a NUL
        return False
    return exists or Path(asked).suffix.lower() in PHOTO_SUFFIXES


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except IsADirectoryError as error:
        raise UnreadableImage("it is a folder: name the photos in it") from error
    except OSError as error:
        raise UnreadableImage(f"cannot read the file: {error.strerror or error}") from error


def as_json(guide: CityGuide, asked: str, answer: Answer, language: str) -> dict[str, Any]:
    """An answer for machines; the keys are a contract."""
    if isinstance(answer, GuideError):
        return {"input": asked, "error": str(answer)}
    recognition = answer if isinstance(answer, Recognition) else None
    return {
        "input": asked,
        "confident": recognition.confident if recognition else bool(answer.photos),
        "places": [
            {
                "place_id": ranked.place.place_id,
                "name": ranked.place.name_in(language),
                "city": ranked.place.city,
                "share": round(ranked.share, 4),
                "photo": str(guide.photo_file(ranked.photo)),
            }
            for ranked in (recognition.places if recognition else ())
        ],
        "categories": [
            {
                "category": category.kind,
                "label": kind_label(category.kind, language),
                "share": round(category.share, 4),
            }
            for category in (recognition.categories if recognition else ())
        ],
        "photos": [
            {
                "photo_id": hit.photo.photo_id,
                "place_id": hit.place.place_id,
                "name": hit.place.name_in(language),
                "path": str(guide.photo_file(hit.photo)),
                "score": round(hit.score, 4),
                "why": hit.why.value,
            }
            for hit in answer.photos
        ],
        "timings_ms": {stage: round(ms, 1) for stage, ms in answer.timings_ms.items()},
        "snapshot": answer.snapshot,
    }


def as_lines(guide: CityGuide, asked: str, answer: Answer, language: str) -> list[str]:
    """An answer for people."""
    if isinstance(answer, GuideError):
        return [f"{asked}: {answer}"]
    if isinstance(answer, SearchResult):
        found = [
            f"  {n}. {_described(hit.place, language)}\n     {guide.photo_file(hit.photo)}"
            for n, hit in enumerate(answer.photos, start=1)
        ]
        return [f"“{asked}”", *(found or ["  nothing fits"])]
    ranked = [
        f"  {n}. {place.share:4.0%}  {_described(place.place, language)}"
        for n, place in enumerate(answer.places, start=1)
        if place.share >= WORTH_SAYING or n == 1
    ]
    verdict = "this looks like:" if answer.confident else "not sure that it is any of these:"
    telling = informative_kinds(
        category.kind for category in answer.categories if category.share >= WORTH_SAYING
    )
    categories = ", ".join(kind_label(kind, language) for kind in telling)
    closest = guide.photo_file(answer.photos[0].photo)
    return [
        f"{asked}: {verdict}",
        *ranked,
        *([f"  categories: {categories}"] if categories else []),
        f"  closest photo: {closest}",
    ]


def _described(place: Place, language: str) -> str:
    kinds = ", ".join(kind_label(kind, language) for kind in informative_kinds(place.kinds)[:3])
    return " · ".join(part for part in (place.name_in(language), place.city, kinds) if part)
