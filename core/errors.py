"""What can go wrong, as types; the borders (bot, command line) choose the words.

GuideError
├── QueryError                 the person can fix it: explained to them, logged at INFO
│   ├── UnreadableImage        the bytes are not a picture we can decode
│   ├── ImageTooLarge          more bytes or pixels than the settings allow
│   └── EmptyQuery             no words left after normalisation
├── SourceError                source data for an import is missing or has the wrong form
├── DataDirError               the data folder cannot be read or written, or another job holds it
├── ExportRefused              an exported pair answers too differently from its original
├── EmbedderUnavailable        the model behind an embedder cannot be loaded
└── SnapshotError              what the guide serves is not usable
    ├── NoSnapshot             nothing has been published yet, or no such version
    ├── SnapshotCorrupt        files are missing, cut short or changed since publication
    └── SnapshotMismatch       the snapshot was built with another embedder or format
"""


class GuideError(Exception):
    """Anything this project raises on purpose; its text is one clear line for an operator."""


class QueryError(GuideError):
    """A query that cannot be answered and that the person who sent it can mend."""


class UnreadableImage(QueryError):
    """The bytes are not a picture we can decode."""


class ImageTooLarge(QueryError):
    """The picture has more bytes or pixels than the settings allow."""


class EmptyQuery(QueryError):
    """No words are left after normalisation."""


class SourceError(GuideError):
    """Source data for an import is missing or has the wrong form."""


class DataDirError(GuideError):
    """The data folder cannot be read or written, or another job holds it."""


class EmbedderUnavailable(GuideError):
    """The model behind an embedder cannot be loaded."""


class ExportRefused(GuideError):
    """An exported pair of models answers too differently from its original."""


class SnapshotError(GuideError):
    """What the guide serves is not usable."""


class NoSnapshot(SnapshotError):
    """Nothing has been published yet, or the version asked for does not exist."""


class SnapshotCorrupt(SnapshotError):
    """Files of a snapshot are missing, cut short or changed since publication."""


class SnapshotMismatch(SnapshotError):
    """The snapshot was built with another embedder or in another format."""
