"""Documents made to hurt: each is refused with its limit or read without harm, and the rest is indexed."""

import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import hostile_files as hostile
import pytest
from conftest import ROOT, plain
from fuzz_readers import bent, check
from hypothesis import given, settings
from hypothesis import strategies as st
from seed_files import ANSWER, CSV, HTML, MARKDOWN, SEEDS, TEXT, odt, word

from corpus import read, sandbox
from corpus.document import LIMITS, Document, Limits, Source
from corpus.errors import UnreadableDocumentError
from corpus.read import Corpus, SafeReader, find_document, read_corpus
from corpus.readers.formats import READERS, read_file
from corpus.readers.text import decode
from corpus.split.split import split

LESS = Limits(file=3_000_000, memory=500 * 2**20, cpu_seconds=4)
"""Exceeded in seconds; far more than the other documents here need, on a slow and busy processor too."""

DAMAGED = "ce fichier est endommagé, ou son contenu ne correspond pas à son extension."
PDF_DAMAGED = "ce PDF est endommagé ou incomplet."
SWOLLEN = "ce PDF contient une page ou un objet démesuré, une fois décompressé."
NO_TEXT = "ce fichier n’est pas un texte lisible."
LINK = "c’est un lien vers un fichier qui n’est pas dans le dossier « documents »."
ODD = "ce n’est pas un fichier ordinaire, mais un dossier, un tube ou un périphérique."
INLINE = '<row r="1"><c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row>'

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "boucle-pages.pdf": (hostile.looping_pages, PDF_DAMAGED),
    "imbrique.pdf": (lambda: hostile.nested_arrays(100_000), PDF_DAMAGED),
    "10000-pages.pdf": (lambda: hostile.many_pages(10_000), "ce document compte 10 000 pages (maximum : 2 000)."),
    "bombe.pdf": (lambda: hostile.compressed(80_000_000), SWOLLEN),  # more than pypdf unpacks
    "bombe-double.pdf": (lambda: hostile.compressed(25_000_000, 2), SWOLLEN),
    # Of memory or of time, whichever is used up first; enorme.docx too.
    "boucle-dessin.pdf": (hostile.looping_form, "sa lecture demande plus de "),
    "vide.pdf": (bytes, "le fichier est vide."),
    "programme.pdf": (hostile.executable, "ce fichier n’est pas un PDF, malgré son nom."),
    "programme.txt": (hostile.executable, NO_TEXT),
    "bombe.docx": (
        lambda: hostile.padded(word(), 210_000_000),
        "une fois décompressé, ce fichier pèserait 210 Mo (maximum : 200 Mo).",
    ),
    "menteur.docx": (lambda: hostile.understated(word(), "word/document.xml", 100), DAMAGED),
    "rires.docx": (lambda: hostile.word_with("<w:p><w:r><w:t>&a9;</w:t></w:r></w:p>", hostile.BILLION_LAUGHS), DAMAGED),
    "rires.xlsx": (lambda: hostile.sheet_with(INLINE, hostile.BILLION_LAUGHS), DAMAGED),
    "secret.odt": (lambda: odt("<text:p>&a9;</text:p>", hostile.FOREIGN), DAMAGED),
    "profond.odt": (lambda: hostile.deep_odt(50_000), DAMAGED),
    "profond.docx": (lambda: hostile.word_with("<w:sdt>" * 20_000 + "</w:sdt>" * 20_000), DAMAGED),
    "loin.xlsx": (
        lambda: hostile.sheet_with('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "il manque la colonne « question » (la première ligne contient : « 1 »).",
    ),
    "enorme.docx": (lambda: hostile.word_with("<w:p/>" * 2_000_000), "sa lecture demande plus de "),
    "guillemet.csv": (
        lambda: CSV.encode() + b'"' + b"a" * 200_000,
        "la ligne 6 du fichier n’est pas du CSV correct (field larger than field limit (131072)).",
    ),
    "long.txt": (lambda: b"a" * 4_000_000, "ce fichier pèse 4 Mo (maximum : 3 Mo)."),
    "tube.txt": (bytes, ODD),
    "dossier.txt": (bytes, ODD),
    "prise.txt": (bytes, ODD),
    "ailleurs.txt": (bytes, LINK),
    "sous/passwd.txt": (bytes, LINK),
    "peripherique.txt": (bytes, LINK),
    "boucle.txt": (bytes, "ce fichier ne peut pas être ouvert (Too many levels of symbolic links)."),
    "x" * 300 + ".txt": (bytes, "ce fichier ne peut pas être ouvert (File name too long)."),
}
"""Name -> maker of the file, and why it is left out."""

READ: dict[str, tuple[Callable[[], bytes], str]] = {
    "references.pdf": (hostile.broken_references, ANSWER),
    "boucle-versions.pdf": (hostile.looping_history, "La commune paie les travaux de la salle"),
    "script.pdf": (hostile.script, "La commune paie les travaux de la salle"),
    "profond.html": (lambda: b"<div>" * 10_000 + HTML.encode(), ANSWER),
    "profond.md": (lambda: b"[" * 10_000 + b"\n\n" + MARKDOWN.encode(), ANSWER),
    "points.txt": (lambda: TEXT.encode() + b"\n\nA" + b"!" * 100_000 + b"." * 100_000 + b"x", ANSWER),
    "parentheses.html": (lambda: HTML.encode() + b"<p>http://a" + b")" * 100_000, ANSWER),
    "emboites.html": (lambda: HTML.encode().replace(b"<main>", b"<main>" * 5_000), ANSWER),
    # Found by fuzz_readers. Took minutes: a pattern that tries every way to cut a row of dots.
    "rangee.txt": (lambda: b"Titre " + b"." * 20_000 + b" a\n\n" + TEXT.encode(), ANSWER),
    "rangee.md": (lambda: b"| " + b"-" * 20_000 + b" a |\n|---|\n| b |\n\n" + MARKDOWN.encode(), ANSWER),
    # Broke the reader: an encoding that decodes nothing.
    "codage.html": (lambda: b'<meta charset="undefined"><h1>Titre</h1><p>L\xe9gende.</p>', "Légende."),
    # Took minutes: the whole page searched again for each of its parts; every element compared with every other.
    "parties.html": (lambda: b"<main><h1>Titre</h1><p>Bonjour.</p></main>" * 600, "Bonjour."),
    # Broke Python: a "page number" of 5,000 digits at the same place of two pages.
    "nombres.txt": (lambda: b"\f".join(TEXT.encode() + b"\n\nBas " + b"9" * 5_000 + b"\n" for _ in range(3)), ANSWER),
    "l'été « 🎉 » & <b>.txt": (TEXT.encode, ANSWER),
    "dernier.md": (MARKDOWN.encode, ANSWER),
}
"""Name -> maker of a file that is read in spite of it all, and words that it holds."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """All of them in one corpus, read once."""
    folder = tmp_path_factory.mktemp("hostile")
    documents = folder / "documents"
    documents.mkdir()
    names = [*REFUSED, *READ]
    tables = [
        f'[[source]]\nid = "d{number}"\ntitle = "T"\npublisher = "P"\ndate = "2021-05"\nkind = "faq"\n'
        f"file = '''{name}'''\n"
        for number, name in enumerate(names)
    ]
    (folder / "catalogue.toml").write_text("\n".join(tables), encoding="utf-8")
    for name, (make, _) in (REFUSED | READ).items():
        if len(name) < 200 and "/" not in name:
            (documents / name).write_bytes(make())
    _make_odd_files(documents, folder / "elsewhere")
    return read_corpus(folder, LESS)


def _make_odd_files(documents: Path, elsewhere: Path) -> None:
    elsewhere.mkdir()
    (elsewhere / "passwd.txt").write_text("secret", encoding="utf-8")
    for name in ("tube.txt", "dossier.txt", "prise.txt", "ailleurs.txt", "peripherique.txt", "boucle.txt"):
        (documents / name).unlink()
    os.mkfifo(documents / "tube.txt")
    (documents / "dossier.txt").mkdir()
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(documents, os.O_RDONLY)  # the name of a socket may have 108 bytes at most
        made.bind(f"/proc/self/fd/{here}/prise.txt")
        os.close(here)
    (documents / "ailleurs.txt").symlink_to(elsewhere / "passwd.txt")
    (documents / "sous").symlink_to(elsewhere)
    (documents / "peripherique.txt").symlink_to("/dev/zero")
    (documents / "boucle.txt").symlink_to(documents / "boucle.txt")
    (documents / os.fsdecode(b"\xff\n\x1b[31m.txt")).write_text("x", encoding="utf-8")


def test_each_is_refused_with_its_reason_in_the_order_of_the_catalogue(corpus: Corpus) -> None:
    assert [left.source.file for left in corpus.left_out] == list(REFUSED)
    told = {left.source.file: plain(left.reason) for left in corpus.left_out if left.remedy}
    assert {name: told[name] for name, (_, why) in REFUSED.items() if not told[name].startswith(why)} == {}


def test_the_others_are_read_without_harm_and_nothing_outside_is(corpus: Corpus) -> None:
    assert [document.source.file for document in corpus.documents] == list(READ)
    texts = {document.source.file: document.text for document in corpus.documents}
    assert [name for name, (_, words) in READ.items() if words not in texts[name]] == []
    assert {entry.document.source.file for entry in corpus.entries} == set(READ)
    assert not any(outside in text for text in texts.values() for outside in ("secret", "root:"))


def test_a_file_whose_name_is_no_text_is_named_on_one_line(corpus: Corpus) -> None:
    assert corpus.unlisted == ("\\udcff\\n\\x1b[31m.txt",)


# The process that reads


@pytest.fixture(autouse=True, scope="module")
def reading_process() -> None:
    """One for each reader, as in the program."""


def source(file: str) -> Source:
    return Source("note", "Note", "Mairie", "2021-05", "faq", file)


def refusal(path: Path, limits: Limits) -> str:
    with SafeReader(limits) as reader, pytest.raises(UnreadableDocumentError) as caught:
        reader.read(source(path.name), path)
    assert caught.value.name == path.name
    return plain(f"{caught.value.reason} {caught.value.remedy}")


def test_it_gives_what_reading_here_gives(tmp_path: Path) -> None:
    with SafeReader() as reader:
        for suffix, make in SEEDS.items():
            path = tmp_path / f"note{suffix}"
            path.write_bytes(make())
            found, here = reader.read(source(path.name), path), read_file(source(path.name), path)
            assert found == (here, tuple(split(here)))
            assert ANSWER in here.text


def test_one_process_serves_as_long_as_all_goes_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    real = subprocess.Popen

    def counted(command: list[str], **options: object) -> object:
        started.append(command)
        return real(command, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(sandbox.subprocess, "Popen", counted)
    (tmp_path / "note.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "pire.pdf").write_bytes(hostile.doubling_forms(60))

    def read_all(reader: SafeReader) -> list[Document]:
        return [reader.read(source("note.txt"), tmp_path / "note.txt")[0] for _ in range(5)]

    with SafeReader(Limits(cpu_seconds=1)) as reader:
        before = read_all(reader)
        assert len(started) == 1
        with pytest.raises(UnreadableDocumentError):
            reader.read(source("pire.pdf"), tmp_path / "pire.pdf")
        assert read_all(reader) == before
        assert len(started) == 2


def test_a_limit_is_named_with_what_was_found(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text(TEXT, encoding="utf-8")
    advice = (
        "Partagez-le en plusieurs documents, n’en gardez que la partie utile, ou donnez plus de mémoire à la lecture "
        "(variable MOTAMOT_READING_MEMORY, en Mo)."
    )

    for limits, found in (
        (Limits(characters=100), "166 caractères (maximum : 100)."),
        (Limits(blocks=5), "7 paragraphes (maximum : 5)."),
        (Limits(passages=2), "4 passages (maximum : 2)."),
    ):
        assert refusal(tmp_path / "note.txt", limits) == f"ce document compte {found} {advice}"
    with pytest.raises(UnreadableDocumentError, match="11 caractères"):  # before it is laid out
        decode(b"a" * 11, "note.txt", 10)
    assert Limits.of_memory(2 * LIMITS.memory).characters == 2 * LIMITS.characters


def test_a_file_that_never_ends_by_the_clock_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "lent.pdf"
    path.write_bytes(hostile.doubling_forms(60))

    assert refusal(path, Limits(wall_seconds=1)) == (
        "sa lecture n’était pas finie après 1 secondes. Enregistrez-le de nouveau (un PDF : imprimez-le dans un "
        "nouveau PDF), ou partagez-le en plusieurs documents."
    )


BROKEN = """
import os, signal, sys
from corpus import read
def broken(*arguments):
    {how}
read.read_file = broken
read.main()
"""


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "sa lecture a été arrêtée par le système, sans doute faute"),
        ("bytearray(3 * 2**30)", "sa lecture demande plus de 2048 Mo de mémoire."),
        ("while True: pass", "sa lecture demande plus de 1 secondes de calcul."),
        ("{}['clé']", "une erreur de Motamot empêche de le lire (KeyError: 'clé')."),
        (
            "arguments[1].with_name('écrit').write_text('x')",
            "une erreur de Motamot empêche de le lire (OSError: [Errno",
        ),
        ("print('x' * 10**6); os.write(1, b'x' * 10**6); sys.exit('fin')", "sa lecture s’est arrêtée brutalement"),
    ],
)
def test_a_reader_that_breaks_breaks_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, reason: str
) -> None:
    monkeypatch.setattr(read, "_START", BROKEN.replace("{how}", how))
    path = tmp_path / "note.txt"
    path.write_text(TEXT, encoding="utf-8")

    assert refusal(path, Limits(cpu_seconds=1)).startswith(reason)


def test_what_a_document_leaves_in_memory_condemns_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second document of a process finds no room; in a process of its own it does."""
    start = """
from corpus import read
real, seen = read.read_file, []
def crowded(*arguments):
    seen.append(1)
    if len(seen) > 1:
        raise MemoryError
    return real(*arguments)
read.read_file = crowded
read.main()
"""
    monkeypatch.setattr(read, "_START", start)
    path = tmp_path / "note.txt"
    path.write_text(TEXT, encoding="utf-8")

    with SafeReader() as reader:
        texts = [reader.read(source("note.txt"), path)[0].text for _ in range(3)]

    assert texts == [read_file(source("note.txt"), path).text] * 3


def test_the_reading_process_knows_no_model() -> None:
    program = (
        "import sys, corpus.read, corpus.readers.formats as formats\n"
        "from contextlib import suppress\n"
        "for read in formats.READERS.values():\n"
        "    with suppress(Exception):\n"
        "        read(b'', 'vide')\n"
        "print(*sorted(sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert {"lxml", "openpyxl", "bs4"} <= set(ran.stdout.split())
    assert not {"torch", "faiss", "gradio", "sklearn", "index", "bot", "httpx"} & set(ran.stdout.split())


def test_half_a_character_of_a_font_becomes_the_sign_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = READERS[".txt"]
    monkeypatch.setitem(READERS, ".txt", lambda data, name: real(data, name).__class__("a\ud800b", ()))  # type: ignore[arg-type]
    (tmp_path / "note.txt").write_text("a", encoding="utf-8")

    assert read_file(source("note.txt"), tmp_path / "note.txt").text == "a\ufffdb"


def test_inspecting_a_file_is_as_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "_START", BROKEN.replace("{how}", "os.kill(os.getpid(), signal.SIGSEGV)"))
    (tmp_path / "note.txt").write_text(TEXT, encoding="utf-8")

    with pytest.raises(UnreadableDocumentError, match=r"brutalement \(état -11\)"):
        find_document(str(tmp_path / "note.txt"), ROOT / "corpus")


# Fuzzing


def test_an_encoding_whose_name_is_no_name_is_refused() -> None:
    with pytest.raises(UnreadableDocumentError, match="n’est pas un texte lisible"):
        READERS[".html"](b'<meta charset="utf\0-8"><p>L\xe9gende.</p>', "page.html")


@pytest.mark.parametrize("suffix", SEEDS)
def test_a_bent_file_is_read_or_refused(suffix: str) -> None:
    data, chance = SEEDS[suffix](), random.Random(suffix)
    check(suffix, data)
    for _ in range(int(os.environ.get("MOTAMOT_FUZZ", "20"))):
        changed = bent(suffix, data, chance)
        with suppress(UnreadableDocumentError):
            check(suffix, changed)
            data = changed if chance.random() < 0.1 and len(changed) < 60_000 else data  # mutations of mutations


@pytest.mark.parametrize("suffix", [".txt", ".md", ".html", ".csv"])
@settings(max_examples=25, derandomize=True, database=None)
@given(text=st.text(max_size=400))
def test_any_text_is_read_or_refused(suffix: str, text: str) -> None:
    with suppress(UnreadableDocumentError):
        check(suffix, text.encode("utf-8", "replace"))
