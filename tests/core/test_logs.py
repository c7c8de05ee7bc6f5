import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
from aiogram.exceptions import ClientDecodeError
from aiohttp import ClientResponseError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from core.logs import set_up_logging, token_secrets
from tests.bot.telegram import TOKEN

SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logging("DEBUG", secrets=token_secrets(TOKEN), stream=stream)
    yield stream
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def json_stream(stream: io.StringIO) -> io.StringIO:
    json_stream = io.StringIO()
    set_up_logging("DEBUG", secrets=token_secrets(TOKEN), form="json", stream=json_stream)
    return json_stream


def download_error() -> ClientResponseError:
    url = URL(f"https://api.telegram.org/file/bot{TOKEN}/photos/1.jpg")
    request = RequestInfo(url, "GET", CIMultiDictProxy(CIMultiDict()), url)
    return ClientResponseError(request, (), status=404, message="Not Found")


def test_the_token_is_removed_from_a_traceback_and_its_causes(stream: io.StringIO) -> None:
    assert SECRET in str(download_error()), "else there is nothing to prove"
    try:
        try:
            raise download_error()
        except ClientResponseError as error:
            raise RuntimeError(f"no photo from bot{TOKEN}") from error
    except RuntimeError:
        logging.getLogger("any").exception("failed: %s", download_error())
    text = stream.getvalue()
    assert text.count("<token>/photos/1.jpg") == 2
    assert "no photo from bot<token>" in text
    assert "Traceback" in text
    assert SECRET not in text


def test_the_token_is_removed_from_arguments_stacks_and_warnings(stream: io.StringIO) -> None:
    logging.getLogger("any").warning("%s %r", TOKEN, {"token": TOKEN}, stack_info=True)
    logging.getLogger("any").warning("%s", TOKEN.replace(":", "%3A"))
    warnings.warn(f"old address bot{TOKEN}", stacklevel=1)
    text = stream.getvalue()
    assert text.count("<token>") >= 4
    assert SECRET not in text


def test_other_lines_stay_as_they_are(stream: io.StringIO) -> None:
    logging.getLogger("any").info("snapshot %s", "v1")
    assert stream.getvalue().endswith(" INFO any: snapshot v1\n")


def test_a_token_without_a_secret_part_hides_no_more_than_itself(stream: io.StringIO) -> None:
    set_up_logging("DEBUG", secrets=token_secrets("wrong"), stream=stream)
    logging.getLogger("any").info("right or wrong")
    assert stream.getvalue().endswith(" INFO any: right or <token>\n")


def test_a_json_line_is_one_object_and_hides_the_token_in_all_its_parts(
    json_stream: io.StringIO,
) -> None:
    try:
        raise download_error()
    except ClientResponseError:
        logging.getLogger("any").exception('first "line"\nof %s', TOKEN, stack_info=True)
    [line] = json_stream.getvalue().splitlines()
    record = json.loads(line)
    assert list(record) == ["time", "level", "logger", "message", "traceback"]
    assert record["message"] == 'first "line"\nof <token>'
    assert "Stack (most recent call last)" in record["traceback"]
    assert "<token>/photos/1.jpg" in record["traceback"]
    assert SECRET not in line


@pytest.mark.parametrize(
    "quoted",
    [
        '{"update_id": 5, "message": {"from": {"id": 987654321, "first_name": "Ann"}}}',
        "{'from': {'id': 7654}, 'chat': {'id': -1009876543210}}",
        "chat_id=7654 sender_id = '7654'",
        "no chat -1009876543210, no user 987654321.",
        "sent to 987654321, 987654321; twice",
        "no user 765432",
    ],
)
def test_whom_a_line_is_about_is_removed(
    quoted: str, stream: io.StringIO, json_stream: io.StringIO
) -> None:
    logging.getLogger("any").error("Content: %s", quoted)
    set_up_logging("DEBUG", secrets=(), stream=stream)
    logging.getLogger("any").error("Content: %s", quoted)
    for text in (stream.getvalue(), json_stream.getvalue()):
        assert "Content" in text
        assert "7654" not in text


def test_what_telegram_sent_is_left_out_when_it_cannot_be_read(stream: io.StringIO) -> None:
    sent = '{"first_name": "Ann",\n\n "text": "where am I'
    try:
        try:
            raise ClientDecodeError("Failed to decode object", ValueError("no JSON"), sent)
        except ClientDecodeError as error:
            raise RuntimeError("and then") from error
    except RuntimeError as error:
        logging.getLogger("any").exception("failed: %s", error.__cause__)
    text = stream.getvalue()
    assert text.count("Content: <left out>") == 2
    assert "RuntimeError: and then" in text
    assert "Ann" not in text
    assert "where am I" not in text


def test_what_finds_the_way_in_a_log_stays(stream: io.StringIO) -> None:
    said = "update 123456789 failed, Update id=123456789, 20261123T014136123Z-0a1b, 0.123456 s"
    logging.getLogger("any").error(said)
    assert said in stream.getvalue()
