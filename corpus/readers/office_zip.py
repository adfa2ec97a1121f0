"""Open the zip archive of an office file with a limit on its unpacked size; errors common to office files."""

import io
import zipfile
import zlib

from lxml import etree

from corpus.errors import UnreadableDocumentError

# Unpacked. The longest reports we know unpack to 30 MB; zipfile never reads past a member's declared size.
LARGEST = 200_000_000
# Documents of Word before 2007, and encrypted ones of any version, are OLE files.
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")

# What a damaged member of an archive can raise while it is read.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)


def open_archive(data: bytes, name: str) -> zipfile.ZipFile:
    """Open an office file.

    Raises:
        UnreadableDocumentError: It is encrypted, of an old format, no archive at all, or would unpack to
            more than ``LARGEST`` bytes.
    """
    if data.startswith(_OLE):
        raise UnreadableDocumentError(
            name,
            "ce fichier est protégé par un mot de passe, ou d’un ancien format d’Office.",
            "Ouvrez-le dans votre logiciel de bureautique, retirez le mot de passe et enregistrez-le au format actuel.",
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except BROKEN as error:
        raise broken(name) from error
    unpacked = sum(member.file_size for member in archive.infolist())
    if unpacked > LARGEST:
        raise UnreadableDocumentError(
            name,
            f"une fois décompressé, ce fichier pèserait {unpacked // 1_000_000} Mo "
            f"(maximum : {LARGEST // 1_000_000} Mo).",
            "Réduisez ses images ou partagez-le en plusieurs fichiers.",
        )
    if any(member.flag_bits & 1 for member in archive.infolist()):
        raise encrypted(name)
    return archive


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of lxml, which calls it one of syntax, is that of a system without memory."""
    return isinstance(error, etree.XMLSyntaxError) and error.code == etree.ErrorTypes.ERR_NO_MEMORY


def broken(name: str) -> UnreadableDocumentError:
    """The error of a file that its own format does not explain."""
    return UnreadableDocumentError(
        name,
        "ce fichier est endommagé, ou son contenu ne correspond pas à son extension.",
        "Ouvrez-le dans votre logiciel de bureautique et enregistrez-le de nouveau, ou téléchargez-le de nouveau.",
    )


def encrypted(name: str) -> UnreadableDocumentError:
    """The error of a file that asks for a password."""
    return UnreadableDocumentError(
        name,
        "ce fichier est protégé par un mot de passe.",
        "Retirez le mot de passe et enregistrez-le de nouveau.",
    )


def empty(name: str) -> UnreadableDocumentError:
    """The error of a file that holds no text."""
    return UnreadableDocumentError(
        name,
        "ce fichier ne contient aucun texte (des images seules ?).",
        "Remplacez-le par une version dont le texte peut être sélectionné.",
    )
