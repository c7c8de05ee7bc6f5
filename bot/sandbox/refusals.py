"""How Telegram says no."""


class Refused(Exception):
    """A request Telegram does not fulfil: an HTTP status, a description, perhaps parameters."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad_request(reason: str) -> Refused:
    """The usual refusal: the request makes no sense."""
    return Refused(400, f"Bad Request: {reason}")


def too_many_requests(retry_after: int) -> Refused:
    """Flood control; ``retry_after`` in seconds."""
    reason = f"Too Many Requests: retry after {retry_after}"
    return Refused(429, reason, retry_after=retry_after)
