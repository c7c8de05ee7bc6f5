import re
from dataclasses import asdict

import pytest

from bot.errors import ButtonExpired, DownloadFailed, PlaceGone, QuestionGone
from bot.locales.en import EN
from bot.locales.ru import RU
from bot.texts import (
    WORDINGS,
    choose_language,
    distance_in_words,
    explain_error,
    share_in_words,
)
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
    with_letters = [sentence for sentence in flat(RU).values() if re.search("[^\\W_]", sentence)]
    assert all(re.search("[а-я]", sentence) for sentence in with_letters)
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


@pytest.mark.parametrize(
    ("share", "ru", "en"),
    [
        (1.0, "почти наверняка", "almost certainly"),
        (0.85, "почти наверняка", "almost certainly"),
        (0.84, "скорее всего", "most likely"),
        (0.5, "вероятно", "probably"),
        (0.2, "возможно", "possibly"),
        (0.1, "маловероятно", "unlikely"),
        (0.0, "маловероятно", "unlikely"),
    ],
)
def test_a_share_is_said_in_words(share: float, ru: str, en: str) -> None:
    assert share_in_words(share, "ru") == ru
    assert share_in_words(share, "en") == en


@pytest.mark.parametrize("share", [0.99, 0.7, 0.5, 0.2])
def test_what_is_not_claimed_is_at_most_possible(share: float) -> None:
    assert share_in_words(share, "ru", claimed=False) == "возможно"
    assert share_in_words(share, "en", claimed=False) == "possibly"


def test_what_is_not_claimed_may_be_unlikely() -> None:
    assert share_in_words(0.1, "ru", claimed=False) == "маловероятно"
    assert share_in_words(0.1, "en", claimed=False) == "unlikely"


@pytest.mark.parametrize(
    ("metres", "ru", "en"),
    [
        (0, "10 м", "10 m"),
        (344, "340 м", "340 m"),
        (999, "1,0 км", "1.0 km"),
        (1_234, "1,2 км", "1.2 km"),
        (9_949, "9,9 км", "9.9 km"),
        (9_999, "10 км", "10 km"),
        (130_400, "130 км", "130 km"),
    ],
)
def test_a_distance_is_as_precise_as_a_walker_needs_it(metres: float, ru: str, en: str) -> None:
    assert distance_in_words(metres, "ru") == ru
    assert distance_in_words(metres, "en") == en


@pytest.mark.parametrize("language", WORDINGS)
def test_what_is_told_over_the_chat_fits_there(language: str) -> None:
    wording = WORDINGS[language]
    told = [wording.thanks_right, wording.thanks_wrong, wording.thanks_none]
    told += [wording.no_more_photos, wording.that_is_all]
    told += [wording.errors[error] for error in (PlaceGone, QuestionGone, ButtonExpired)]
    assert all(len(sentence) <= 200 for sentence in told)  # Telegram's bound
    assert not any("<" in sentence for sentence in told), "no markup is read there"
