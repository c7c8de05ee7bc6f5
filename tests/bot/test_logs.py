import io
import logging
import warnings
from collections.abc import Iterator

import pytest
from aiohttp import ClientResponseError, RequestInfo
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from bot.logs import set_up_logging, token_secrets
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
