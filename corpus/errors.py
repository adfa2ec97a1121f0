"""The errors a person can mend; their messages are in French and name the remedy.

MotamotError
├── CorpusError        catalogue, lexicon or phrasings that cannot be used
│   └── UnreadableDocumentError  one document that cannot be read; the rest still can
├── IndexStoreError    an index or a model that is missing, stale, foreign or damaged
└── SettingsError      a configuration key, its value and what was expected

Only the command line and the web layer catch them.
"""


class MotamotError(Exception):
    """Something a person can mend: the message says what, where, and what to do."""


class CorpusError(MotamotError):
    """A catalogue, lexicon or phrasings file that cannot be used."""


class UnreadableDocumentError(CorpusError):
    """One document that cannot be read: its name, why, and the remedy."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"« {name} » : {reason} {remedy}")
        self.name = name
        self.reason = reason
        self.remedy = remedy


class IndexStoreError(MotamotError):
    """An index or a model on disk that is missing, stale, foreign or damaged."""


class SettingsError(MotamotError):
    """A configuration key, the value found and what was expected."""
