"""Bends small files of every format until a reader misbehaves; what breaks one becomes a test of ``test_hostile``.

``python tests/fuzz_readers.py OUT --seconds 600`` writes to OUT each file that is neither read nor refused in time.
"""

import argparse
import hashlib
import random
import resource
import signal
import time
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import FrameType

from seed_files import SEEDS, rezipped

from corpus.document import Document, Source, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.formats import READERS
from corpus.readers.office_zip import BROKEN
from corpus.split.split import split

# CPU seconds for a file of a few kilobytes; the slowest seed takes a tenth of one.
SLOW = 8.0
MEMORY = 3 * 2**30
ARCHIVES = (".docx", ".odt", ".xlsx")
WORDS = {
    ".pdf": b"obj endobj stream endstream xref trailer startxref /Kids /Parent /Prev /Length /Filter /FlateDecode "
    b"/Type /Pages /Page /Count /Contents /Font /ToUnicode /Encoding /DescendantFonts /XObject /Form /Resources "
    b"/Differences /W /DW /Root /Size /Encrypt /ObjStm /XRefStm BT ET Tj TJ Td Tm cm Do Tf << >> [ ] ( ) < > R 0 1 "
    b"-1 9999999999 1e400 NaN 65535 2147483648",
    "zip": b"< > </ /> <!DOCTYPE &amp; &#0; &#xD800; xmlns= w:p w:r w:t w:tbl w:tr w:tc w:val= w:numId w:outlineLvl "
    b"w:sdt text:p text:list text:h text:outline-level=\"999\" table:table c r= s= t= v is -1 999999999999 1e400 \"",
    "text": b"\xff\xfe \xef\xbb\xbf \x00 \x0c \xe2\x80\xa8 \xc2\xad \xe2\x80\xae # - * ` ``` | --- > ![ ]( <div> </p> "
    b"<table> <tr> <td> <li> <ul> <h1> <main> <pre> <details> &#xD800; &#0; \" ; , \t ? Q: R: Article 1. 1) a) IV. "
    b"https:// ((((( ))))) .... !!!! \xc2\xab \xc2\xbb \xc2\xa0",
}  # fmt: skip


class SlowError(BaseException):
    """Nothing in a reader catches it."""


def check(suffix: str, data: bytes) -> None:
    """Read and split; the reading must hold together.

    Raises:
        UnreadableDocumentError: It is refused with a reason: all is well.
        Exception: Anything else is a finding.
    """
    reading = READERS[suffix](data, "fichier" + suffix)
    text, end = reading.text, 0
    for block in reading.blocks:
        assert end <= block.start < block.end <= len(text), f"block {block} after {end} in {len(text)}"
        end = block.end
    assert list(reading.pages) == sorted(reading.pages)
    for entry in split(_document(reading, suffix)):
        assert entry.passages
        for passage in entry.passages:
            assert 0 <= entry.body.start <= passage.start < passage.end <= entry.body.end <= len(text)
            assert passage.text.strip()


def _document(reading: StructuredText, suffix: str) -> Document:
    source = Source("fichier", "Fichier", "Mairie", "2021-05", "faq", "fichier" + suffix)
    return Document(source, reading.text, "0" * 64, reading.blocks, reading.pages)


def bent(suffix: str, data: bytes, chance: random.Random) -> bytes:
    """A file with one to eight places changed; of an archive, mostly inside its members."""
    if suffix in ARCHIVES and chance.random() < 0.85:
        with suppress(*BROKEN):  # bent before: no archive any more
            return rezipped(data, lambda _, member: _bent(member, "zip", chance) if chance.random() < 0.4 else member)
    return _bent(data, suffix if suffix == ".pdf" else "text", chance)


def _bent(data: bytes, kind: str, chance: random.Random) -> bytes:
    words, changed = WORDS[kind].split(b" "), bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(changed) + 1)
        length = min(chance.choice((1, 2, 8, 60, 400)), len(changed) - at)
        match chance.randrange(8):
            case 0 if at < len(changed):
                changed[at] ^= 1 << chance.randrange(8)
            case 1:
                changed[at:at] = chance.choice(words)
            case 2:
                changed[at : at + length] = chance.choice(words)
            case 3:
                del changed[at : at + length]
            case 4:
                changed[at:at] = changed[at : at + length] * chance.choice((1, 2, 30, 300))
            case 5:
                to = chance.randrange(len(changed) + 1)
                changed[to:to] = changed[at : at + length]
            case 6:
                changed[at:at] = chance.randbytes(length)
            case 7:
                changed[at:at] = chance.choice(words) * chance.choice((2, 20, 2000))
    return bytes(changed)


def _slow(_signal: int, _frame: FrameType | None) -> None:
    raise SlowError


def tried(suffix: str, data: bytes) -> str | None:
    """What went wrong, in one line; None when the file was read or refused."""
    signal.setitimer(signal.ITIMER_VIRTUAL, SLOW)
    try:
        check(suffix, data)
    except UnreadableDocumentError:
        return None
    except SlowError as error:
        return f"slow {traceback.extract_tb(error.__traceback__)[-1]}"
    except Exception as error:  # noqa: BLE001  the finding
        return f"{type(error).__name__} {str(error)[:80]!r} {traceback.extract_tb(error.__traceback__)[-1]}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    return None


def mutate(out: Path, seconds: float, seed: int, suffixes: list[str]) -> None:
    """Try mutations of every format in turn, and say how many."""
    chance, count, found = random.Random(seed), Counter[str](), Counter[str]()
    pools = {suffix: [SEEDS[suffix]()] for suffix in suffixes}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for suffix in suffixes:
            data = bent(suffix, chance.choice(pools[suffix]), chance)
            (out / f"current-{seed}{suffix}").write_bytes(data)  # stays, should the process itself die
            problem = tried(suffix, data)
            count[suffix] += 1
            if problem:
                if not found[problem]:
                    name = hashlib.sha256(data).hexdigest()[:12] + suffix
                    (out / name).write_bytes(data)
                    print(name, problem, flush=True)
                found[problem] += 1
            elif len(pools[suffix]) < 200 and chance.random() < 0.02 and len(data) < 60_000:
                pools[suffix].append(data)  # mutations of mutations
    print("done", sum(count.values()), dict(count), dict(found), flush=True)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=list(SEEDS))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGVTALRM, _slow)
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    mutate(given.out, given.seconds, given.seed, given.only)


if __name__ == "__main__":
    main()
