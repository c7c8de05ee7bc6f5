import re
from dataclasses import asdict

import pytest

from bot.media import DownloadFailed
from bot.texts import EN, RU, WORDINGS, choose_language, explain_error
from core.errors import GuideError, QueryError, SnapshotError
from tests.bot.html_text import visible_text


def flat(wording: object) -> dict[str, str]:
    """All sentences of a wording by where they stand."""
    sentences = {}
    for name, value in asdict(wording).items():
        if isinstance(value, str):
            sentences[name] = value
        else:
            sentences |= {f"{name}/{key}": sentence for key, sentence in value.items()}
    return sentences


def family(error: type[Exception]) -> list[type[Exception]]:
    return [error, *(sub for child in error.__subclasses__() for sub in family(child))]


def test_every_language_says_the_same_things_with_the_same_values() -> None:
    ru, en = flat(RU), flat(EN)
    assert ru.keys() == en.keys()
    for place, sentence in ru.items():
        assert set(re.findall(r"{\w*}", sentence)) == set(re.findall(r"{\w*}", en[place])), place


def test_russian_sentences_are_russian_and_english_ones_english() -> None:
    assert all(re.search("[а-я]", sentence) for sentence in flat(RU).values())
    assert not any(re.search("[а-я]", sentence) for sentence in flat(EN).values())


@pytest.mark.parametrize("language", WORDINGS)
def test_every_sentence_is_html_that_telegram_takes(language: str) -> None:
    for sentence in flat(WORDINGS[language]).values():
        assert visible_text(sentence).strip()


@pytest.mark.parametrize("language", WORDINGS)
@pytest.mark.parametrize("error", family(GuideError))
def test_every_guide_error_finds_its_own_or_its_familys_sentence(
    error: type[GuideError], language: str
) -> None:
    sentences = WORDINGS[language].errors
    said = explain_error(error("for operators"), language, max_photo_mb=20)
    closest = next(kind for kind in error.__mro__ if kind in sentences)
    assert issubclass(closest, GuideError)
    assert said == sentences[closest].replace("{max_photo_mb}", "20")
    assert "for operators" not in said
    if issubclass(error, QueryError | SnapshotError | DownloadFailed):
        assert said != sentences[GuideError], "a user deserves to know more than that"


@pytest.mark.parametrize("language", WORDINGS)
def test_an_error_nobody_foresaw_has_a_sentence_too(language: str) -> None:
    said = explain_error(ZeroDivisionError(), language, max_photo_mb=20)
    assert said == WORDINGS[language].errors[Exception]


@pytest.mark.parametrize(
    ("code", "language"),
    [("ru", "ru"), ("ru-RU", "ru"), ("RU", "ru"), ("en", "en"), ("de", "en"), ("rue", "en"),
     ("", "en"), (None, "en")],
)  # fmt: skip
def test_russian_speakers_get_russian_and_everybody_else_english(
    code: str | None, language: str
) -> None:
    assert choose_language(code) == language
