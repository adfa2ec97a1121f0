"""What reading one document may cost before it is left out, the others still being read."""

from dataclasses import dataclass

from corpus.errors import UnreadableDocumentError


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one document. The refusal names the limit, by how much it is exceeded and what to do.

    Time is that of the processor, which a busy machine does not stretch: what was read once is read again.
    """

    file: int = 50_000_000
    """Bytes of the file. The longest official reports, with their images, are a fifth of this."""
    characters: int = 5_000_000
    """Of clean text: some 2,500 dense pages, twice the Code général des collectivités territoriales."""
    blocks: int = 100_000
    """Paragraphs, items, headings and rows. 5,000,000 characters of a FAQ make 20,000."""
    passages: int = 30_000
    """Encoding takes a second for 12 to 50 of them: half an hour. 5,000,000 characters of a FAQ make 16,000."""
    cpu_seconds: int = 300
    """Of the processor. Measured: 20 pages of PDF a second, 2 s for a text of 2 MB, 6 s for one of 5 MB."""
    wall_seconds: int = 1800
    """By the clock: for a file on a network drive that no longer answers."""
    memory: int = 2 * 2**30
    """Bytes of addresses. Measured: 0.2 GB before any document, 0.4 GB for a text of 5 MB."""


LIMITS = Limits()

LARGEST_ANSWER = 200_000_000
"""Bytes that the reading process may answer: more than a document within its limits can make."""


def beyond(name: str, found: int, most: int, what: str) -> UnreadableDocumentError:
    """The refusal of a document that has more of something than one may have."""
    return UnreadableDocumentError(
        name,
        f"ce document compte {_thousands(found)} {what} (maximum : {_thousands(most)}).",
        "Partagez-le en plusieurs documents, ou n’en gardez que la partie utile.",
    )


def _thousands(number: int) -> str:
    """With the narrow no-break spaces of French: 5 000 000."""
    return f"{number:,}".replace(",", "\u202f")
