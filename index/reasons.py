"""Why the system refused to write, in French."""

import errno

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
}


def reason(error: BaseException) -> str:
    """A few words; what the system says itself where it says something rare."""
    return _REASONS.get(getattr(error, "errno", None) or 0, str(error))
