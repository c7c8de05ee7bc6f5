"""Every sentence the bot says, in every language it speaks."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.media import DownloadFailed
from core.errors import (
    EmptyQuery,
    GuideError,
    ImageTooLarge,
    QueryError,
    SnapshotError,
    UnreadableImage,
)


@dataclass(frozen=True, slots=True)
class Wording:
    """The bot's sentences in one language: HTML, with the placeholders named beside them."""

    start: str
    help: str  # {username} {max_photo_mb}
    commands: Mapping[str, str]  # command -> its line in Telegram's command menu
    other_kind: str  # a sticker, a voice message ...
    unknown_command: str
    unsure: str
    unknown: str  # not even candidates
    candidates: str
    categories: str  # {categories}
    nothing_found: str
    found_without_photos: str
    errors: Mapping[type[Exception], str]  # a type not listed uses its closest base; {max_photo_mb}


RU = Wording(
    start=(
        "Здравствуйте! Я путеводитель по городам.\n\n"
        "• Пришлите фото здания или памятника — скажу, что это за место.\n"
        "• Напишите словами, что хотите увидеть, например "
        "<i>деревянная церковь у реки</i>, — покажу пять фотографий.\n\n"
        "Подробнее: /help"
    ),
    help=(
        "<b>По фото.</b> Пришлите снимок достопримечательности: назову место, его категорию "
        "и другие варианты и покажу похожие фотографии. Проценты показывают, какая часть "
        "похожих фотографий говорит за каждый вариант. Фото можно прислать и файлом, "
        "до {max_photo_mb} МБ. Лучше всего узнаю, когда здание видно целиком.\n\n"
        "<b>По словам.</b> Напишите название, категорию или описание на любом языке: "
        "покажу пять фотографий с названием места, городом и категориями.\n\n"
        "<b>В группе.</b> Отвечаю, если упомянуть @{username} в тексте или в подписи к фото "
        "или ответить на моё сообщение."
    ),
    commands={"start": "Что я умею", "help": "Как спрашивать"},
    other_kind="Я понимаю фотографии и слова. Пришлите фото места или опишите его текстом.",
    unknown_command="Такой команды я не знаю. Посмотрите /help",
    unsure="Не уверен, что узнал место. Возможно, это одно из этих:",
    unknown="Не узнаю это место. Попробуйте снять его целиком или с другой стороны.",
    candidates="Другие варианты:",
    categories="Категории похожих фотографий: {categories}",
    nothing_found="Ничего подходящего не нашлось. Попробуйте описать другими словами.",
    found_without_photos="Нашлись эти места, но их фотографии сейчас недоступны:",
    errors={
        Exception: "У меня что-то сломалось. Попробуйте ещё раз чуть позже.",
        GuideError: "Сейчас не получается ответить. Попробуйте чуть позже.",
        SnapshotError: "Путеводитель сейчас обновляется. Попробуйте через несколько минут.",
        DownloadFailed: "Не удалось скачать фото из Telegram. Пришлите его ещё раз.",
        QueryError: "Не понимаю этот запрос. Пришлите фото места или опишите его словами.",
        UnreadableImage: (
            "Не получилось открыть картинку. Пришлите фото в формате JPEG, PNG или WebP."
        ),
        ImageTooLarge: (
            "Эта картинка слишком большая: в ней больше {max_photo_mb} МБ или слишком много "
            "пикселей. Пришлите её как фото, а не файлом: Telegram сам её уменьшит."
        ),
        EmptyQuery: "Не вижу в сообщении слов. Напишите, какое место вы ищете.",
    },
)

EN = Wording(
    start=(
        "Hello! I am a city guide.\n\n"
        "• Send me a photo of a building or a monument and I will tell you which place it is.\n"
        "• Describe in words what you would like to see, for example "
        "<i>a wooden church by the river</i>, and I will show you five photos.\n\n"
        "More: /help"
    ),
    help=(
        "<b>By photo.</b> Send a picture of a sight: I will name the place, its category and "
        "other candidates, and show similar photos. The percentages tell which part of the "
        "similar photos speaks for each candidate. You can also send the photo as a file, "
        "up to {max_photo_mb} MB. I recognise a building best when all of it is in view.\n\n"
        "<b>By words.</b> Write a name, a category or a description in any language: "
        "I will show five photos, each with its place, city and categories.\n\n"
        "<b>In a group.</b> I answer when you mention @{username} in a message or in the caption "
        "of a photo, or reply to a message of mine."
    ),
    commands={"start": "What I can do", "help": "How to ask"},
    other_kind="I understand photos and words. Send a photo of a place or describe it in words.",
    unknown_command="I do not know this command. Please see /help",
    unsure="I am not sure which place this is. Perhaps it is one of these:",
    unknown="I do not recognise this place. Try to get all of it in view, or another side of it.",
    candidates="Other candidates:",
    categories="Categories of similar photos: {categories}",
    nothing_found="I found nothing that fits. Try describing it in other words.",
    found_without_photos="I found these places, but their photos are not available right now:",
    errors={
        Exception: "Something broke on my side. Please try again a little later.",
        GuideError: "I cannot answer right now. Please try again a little later.",
        SnapshotError: "The guide is being updated. Please try again in a few minutes.",
        DownloadFailed: "I could not download the photo from Telegram. Please send it again.",
        QueryError: "I do not understand this. Send a photo of a place or describe it in words.",
        UnreadableImage: "I could not open this picture. Please send a JPEG, PNG or WebP photo.",
        ImageTooLarge: (
            "This picture is too large: it has more than {max_photo_mb} MB or too many pixels. "
            "Send it as a photo rather than as a file, and Telegram will shrink it."
        ),
        EmptyQuery: "I see no words in your message. Write which place you are looking for.",
    },
)

WORDINGS: Mapping[str, Wording] = {"ru": RU, "en": EN}


def choose_language(language_code: str | None) -> str:
    """The language to answer in, for an IETF tag as Telegram sends it: Russian or else English."""
    return "ru" if (language_code or "").lower().split("-")[0] == "ru" else "en"


def explain_error(error: Exception, language: str, *, max_photo_mb: float) -> str:
    """The sentence for ``error``: that of its own type, or of the closest base that has one."""
    sentences = WORDINGS[language].errors
    own_or_family = next(kind for kind in type(error).__mro__ if kind in sentences)
    return sentences[own_or_family].format(max_photo_mb=f"{max_photo_mb:g}")
