"""What can go wrong between the bot and Telegram, beside `core.errors`.

GuideError
├── DownloadFailed             Telegram did not hand over a photo it had announced
├── TokenRejected              Telegram does not know the bot's token
├── WebhookRejected            Telegram does not accept the webhook's address
├── PortTaken                  the HTTP server cannot listen where it is told to
└── QueryError
    ├── NoPicture              a file that neither claims to be a picture nor is one
    ├── PlaceGone              a button of a place that the guide no longer has
    ├── QuestionGone           a button of a query that the log no longer has
    └── ButtonExpired          a button whose message Telegram no longer hands over
"""

from core.errors import GuideError, QueryError


class DownloadFailed(GuideError):
    """Telegram did not hand over a photo it had announced."""


class NoPicture(QueryError):
    """A file that neither claims to be a picture nor is one."""


class PlaceGone(QueryError):
    """A button of a place that the guide no longer has."""


class QuestionGone(QueryError):
    """A button of a query that the log no longer has."""


class ButtonExpired(QueryError):
    """A button of an older release, or one whose message Telegram no longer hands over."""


class TokenRejected(GuideError):
    """Telegram does not know the bot's token."""


class WebhookRejected(GuideError):
    """Telegram does not accept the address it should deliver updates to."""


class PortTaken(GuideError):
    """The HTTP server cannot listen where it is told to."""
