"""The parameters of a request, read as what they should be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.sandbox.refusals import Refused, bad_request

TRUE = frozenset({"true", "True", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a request."""

    name: str
    mime: str
    content: bytes


class Params:
    """Parameters by name: strings when they came in a form, any JSON value otherwise."""

    def __init__(self, values: Mapping[str, Any], uploads: Mapping[str, Upload]) -> None:
        self.values = values
        self.uploads = uploads

    def nested(self, values: Any) -> "Params":
        """An object inside a parameter, such as one item of an album, with the same uploads."""
        if not isinstance(values, dict):
            raise bad_request("expected an object")
        return Params(values, self.uploads)

    def text(self, name: str, default: str = "") -> str:
        """A string; ``default`` when absent."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def required(self, name: str) -> str:
        """A string that must be there."""
        value = self.text(name)
        if not value:
            raise bad_request(f"parameter {name} is required")
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number; required when there is no ``default``."""
        value = self.values.get(name)
        if value is None and default is not None:
            return default
        try:
            return int(str(value))
        except ValueError as error:
            raise bad_request(f"parameter {name} must be an integer") from error

    def number(self, name: str, *, lowest: float, highest: float) -> float:
        """A required number within bounds, both included."""
        try:
            value = float(self.text(name))
        except ValueError as error:
            raise bad_request(f"parameter {name} must be a number") from error
        if not lowest <= value <= highest:
            raise bad_request(f"wrong {name} specified")
        return value

    def boolean(self, name: str) -> bool:
        """A flag, false when absent."""
        return str(self.values.get(name)) in TRUE

    def json(self, name: str, default: Any = None) -> Any:
        """A JSON value; ``default`` when absent."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return default if value is None else value
        if not value:
            return default
        try:
            return json.loads(value)
        except ValueError as error:
            raise bad_request(f"can't parse {name} JSON object") from error

    def items(self, name: str) -> list[Any]:
        """A JSON list; empty when absent."""
        value = self.json(name, [])
        if not isinstance(value, list):
            raise bad_request(f"{name} must be a list")
        return value


async def read_params(request: web.Request) -> Params:
    """Parameters of a request from its address and its form or JSON body.

    Raises:
        Refused: the body is too large or no JSON object where it says so.
    """
    try:
        if request.content_type == "application/json":
            body = await request.json()
            if not isinstance(body, dict):
                raise bad_request("the body must be a JSON object")
            return Params({**request.query, **body}, {})
        form = await request.post()
    except web.HTTPRequestEntityTooLarge as error:
        raise Refused(413, "Request Entity Too Large") from error
    except ValueError as error:
        raise bad_request("can't parse the request") from error
    values: dict[str, Any] = dict(request.query)
    uploads = {}
    for name, value in form.items():
        if isinstance(value, web.FileField):
            uploads[name] = Upload(value.filename, value.content_type, value.file.read())
        else:
            values[name] = value
    return Params(values, uploads)
