"""User errors, each with a French message that names the remedy.

MotamotError
├── CorpusError        catalogue, lexicon or phrasings that cannot be used
│   └── UnreadableDocumentError  one document that cannot be read; the rest still can
├── IndexStoreError    an index or a model that is missing, stale, foreign or damaged
├── LossError          a build that would take away much of what is in service
└── SettingsError      a configuration key, its value and what was expected

Only the command line and the web layer catch them.
"""

import errno
import re

_REASONS = {
    errno.ENOSPC: "disque plein",
    errno.EDQUOT: "quota de disque dépassé",
    errno.EFBIG: "taille de fichier limitée par le système",
    errno.EROFS: "système de fichiers en lecture seule",
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.ENOTDIR: "un fichier porte ce nom",
    errno.EEXIST: "un fichier porte ce nom",
    errno.EIO: "erreur du disque",
    errno.ENOENT: "introuvable",
    errno.EISDIR: "c’est un dossier",
    errno.EADDRINUSE: "déjà utilisé par un autre programme",
    errno.EADDRNOTAVAIL: "cette machine n’a pas cette adresse",
}

_BEFORE_SIGN = re.compile(r" (?=[»:;?!](?:[\s»).,]|$))")


def typeset(message: str) -> str:
    r"""With the no-break spaces of French typography, so that messages can be written with plain ones.

    >>> typeset("« a.txt » : ce fichier manque.")
    '«\xa0a.txt\xa0»\xa0: ce fichier manque.'
    """
    return _BEFORE_SIGN.sub("\u00a0", message.replace("« ", "«\u00a0"))


def reason(error: BaseException) -> str:
    """Why the system refused, in a few words of French; its own words where it says something rare."""
    return _REASONS.get(getattr(error, "errno", None) or 0, str(error))


class MotamotError(Exception):
    """Something a person can mend: the message says what, where, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(typeset(message))


class CorpusError(MotamotError):
    """A catalogue, lexicon or phrasings file that cannot be used."""


class UnreadableDocumentError(CorpusError):
    """One document that cannot be read: its name, why, and the remedy."""

    def __init__(self, name: str, reason: str, remedy: str) -> None:
        super().__init__(f"« {name} » : {reason} {remedy}")
        self.name = name
        self.reason = typeset(reason)
        self.remedy = typeset(remedy)


class IndexStoreError(MotamotError):
    """An index or a model on disk that is missing, stale, foreign or damaged."""


class LossError(MotamotError):
    """A build that would take away much of what is in service: what would be lost, and how to accept it."""


class SettingsError(MotamotError):
    """A configuration key, the value found and what was expected."""


MORE_MEMORY = "donnez plus de mémoire à la lecture (variable MOTAMOT_READING_MEMORY, en Mo)"


def beyond(name: str, found: int, most: int, what: str) -> UnreadableDocumentError:
    """The refusal of a document that has more of something than one may have on this machine."""
    return UnreadableDocumentError(
        name,
        f"ce document compte {_thousands(found)} {what} (maximum : {_thousands(most)}).",
        f"Partagez-le en plusieurs documents, n’en gardez que la partie utile, ou {MORE_MEMORY}.",
    )


def _thousands(number: int) -> str:
    """With the narrow no-break spaces of French: 5 000 000."""
    return f"{number:,}".replace(",", "\u202f")
