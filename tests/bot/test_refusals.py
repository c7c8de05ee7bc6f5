import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import SendMediaGroup

from bot.refusals import blames_photos


def refusal(message: str) -> TelegramBadRequest:
    return TelegramBadRequest(SendMediaGroup(chat_id=7, media=[]), f"Bad Request: {message}")


@pytest.mark.parametrize(
    "message",
    [
        "wrong file identifier/HTTP URL specified",
        "wrong remote file identifier specified: can't unserialize it",
        'failed to send message #1 with the error message "WEBPAGE_MEDIA_EMPTY"',
        "PHOTO_INVALID_DIMENSIONS",
        "FILE_REFERENCE_EXPIRED",
        "something new",
    ],
)
def test_a_photo_or_its_file_id_may_be_to_blame(message: str) -> None:
    assert blames_photos(refusal(message))


@pytest.mark.parametrize(
    "message",
    [
        "chat not found",
        "not enough rights to send photos to the chat",
        "CHAT_SEND_PHOTOS_FORBIDDEN",
        "TOPIC_CLOSED",
        "message thread not found",
        "message to be replied not found",
        "can't parse entities: unsupported start tag",
        "message caption is too long",
        "PEER_ID_INVALID",
        "query is too old and response timeout expired or query ID is invalid",
        "RESULT_ID_DUPLICATE",
        "BUTTON_TYPE_INVALID",
    ],
)
def test_where_it_was_sent_or_what_stood_beside_it_is_no_photo_s_fault(message: str) -> None:
    assert not blames_photos(refusal(message))
