from pathlib import Path

import pytest

from corpus.catalogue import create_corpus, file_name_of, read_catalogue, unlisted_documents
from corpus.document import Source
from corpus.errors import CorpusError
from corpus.phrasings import read_lexicon, read_phrasings
from corpus.read import read_corpus

FAQ = {
    "id": '"faq-crte"',
    "title": '"Foire aux questions"',
    "publisher": '"ANCT"',
    "date": '"2021-05"',
    "kind": '"faq"',
    "file": '"faq.txt"',
}


def table(**changes: str | None) -> str:
    """A right [[source]] but for these changes; None takes a key out."""
    lines = [f"{key} = {value}" for key, value in {**FAQ, **changes}.items() if value is not None]
    return "\n".join(["[[source]]", *lines, ""])


def folder_with(tmp_path: Path, catalogue: str) -> Path:
    (tmp_path / "documents").mkdir()
    (tmp_path / "catalogue.toml").write_text(catalogue, encoding="utf-8")
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(CorpusError) as refused:
        read_catalogue(folder)
    return str(refused.value).replace("\u00a0", " ")


def test_a_file_may_be_named_from_the_folder_of_the_catalogue(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, table(file='"documents/faq.csv"'))

    assert [source.file for source in read_catalogue(folder)] == ["faq.csv"]

    inner = folder / "documents" / "documents"
    inner.mkdir()
    (inner / "faq.csv").write_text("x", encoding="utf-8")
    assert [source.file for source in read_catalogue(folder)] == ["documents/faq.csv"]


def test_a_source_is_read_as_written(tmp_path: Path) -> None:
    web = table(id='"page"', file=None, url='"https://a.fr/crte"', date="2021-05-20", kind='"page"', notice='"abrogée"')
    folder = folder_with(tmp_path, table(file='"./sous/faq.PDF"') + web)

    assert read_catalogue(folder) == [
        Source("faq-crte", "Foire aux questions", "ANCT", "2021-05", "faq", "sous/faq.PDF"),
        Source(
            *("page", "Foire aux questions", "ANCT", "2021-05-20", "page", "page.html"),
            url="https://a.fr/crte",
            notice="abrogée",
        ),
    ]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"titre": '"FAQ"'}, "clé inconnue « titre » ; clés admises : id, title, publisher, date, kind, file, url"),
        ({"publisher": None}, "il manque la clé « publisher »."),
        ({"file": None}, "il manque la clé « file » (un fichier du dossier documents) ou « url »."),
        ({"title": '"  "'}, "la clé « title » vaut '  ' ; est attendu : un texte entre guillemets"),
        ({"id": '"FAQ CRTE"'}, "la clé « id » vaut 'FAQ CRTE' ; est attendu : des minuscules sans accent"),
        ({"date": '"2021-02-30"'}, "la clé « date » vaut '2021-02-30' ; est attendu : une date comme 2021-05"),
        ({"kind": '"faqs"'}, "la clé « kind » vaut 'faqs' ; est attendu : l’une des valeurs faq, circular"),
        ({"url": '"ftp://a.fr/b"'}, "la clé « url » vaut 'ftp://a.fr/b' ; est attendu : une adresse"),
        ({"file": '"../secret.txt"'}, "la clé « file » vaut '../secret.txt' ; est attendu : un nom relatif"),
        ({"file": '"/etc/hosts.txt"'}, "la clé « file » vaut '/etc/hosts.txt' ; est attendu : un nom relatif"),
        ({"file": '"a\\nb.txt"'}, "la clé « file » vaut 'a\\nb.txt' ; est attendu : un nom d’une ligne"),
        ({"file": '"faq.doc"'}, "la clé « file » vaut 'faq.doc' ; est attendu : un fichier .txt, .md, .pdf"),
    ],
)
def test_a_wrong_key_or_value_is_named(tmp_path: Path, changes: dict[str, str | None], expected: str) -> None:
    message = refusal(folder_with(tmp_path, table(id='"ok"', file='"ok.txt"') + table(**changes)))

    assert f"{tmp_path / 'catalogue.toml'} », [[source]] n° 2" in message
    assert expected in message


def test_the_documents_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "partage").mkdir()
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "documents").symlink_to(tmp_path / "partage")
    (tmp_path / "corpus" / "catalogue.toml").write_text(table(), encoding="utf-8")

    assert [source.file for source in read_catalogue(tmp_path / "corpus")] == ["faq.txt"]


@pytest.mark.parametrize(("key", "other"), [("id", {"file": '"autre.txt"'}), ("file", {"id": '"autre"'})])
def test_two_sources_share_neither_id_nor_file(tmp_path: Path, key: str, other: dict[str, str]) -> None:
    message = refusal(folder_with(tmp_path, table() + table(**other)))

    assert f"[[source]] n° 2 : la clé « {key} » vaut « {FAQ[key][1:-1]} », comme au n° 1" in message


@pytest.mark.parametrize(
    ("catalogue", "expected"),
    [
        ("[[source]\n", "n’est pas un fichier TOML valable"),
        ("", "au moins une table [[source]] est attendue"),
        ("[[sources]]\n", "clé inconnue « sources »"),
    ],
)
def test_a_catalogue_of_another_form_is_refused(tmp_path: Path, catalogue: str, expected: str) -> None:
    assert "créez-en un avec « motamot init »" in refusal(tmp_path)
    assert expected in refusal(folder_with(tmp_path, catalogue))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.legifrance.gouv.fr/download/pdf/circ?id=45084", "x.pdf"),
        ("https://a.fr/doc/Guide%20CRTE.DOCX?v=2", "x.docx"),
        ("https://a.fr/export?format=pdf", "x.pdf"),
        ("https://a.fr/page.php", "x.html"),
    ],
)
def test_a_fetched_file_is_named_after_its_source(url: str, name: str) -> None:
    assert file_name_of(url, "x") == name


def test_documents_that_no_source_names_are_found(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, table())
    (folder / "documents" / "sous").mkdir()
    for name in ("faq.txt", "oublie.pdf", "sous/autre.MD", "faq.txt.json", ".cache.txt", "~$note.docx", "photo.png"):
        (folder / "documents" / name).write_text("x", encoding="utf-8")

    assert unlisted_documents(folder, read_catalogue(folder)) == ("oublie.pdf", "sous/autre.MD")


# A new corpus


def test_a_new_corpus_works_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "mon" / "corpus"

    created = create_corpus(folder)

    assert [path.relative_to(folder).as_posix() for path in created] == [
        "catalogue.toml",
        "documents/exemple-faq.md",
        "lexicon.toml",
        "motamot.toml",
        "phrasings/exemple-faq.toml",
    ]
    corpus = read_corpus(folder)
    assert (corpus.left_out, corpus.unlisted) == ((), ())
    assert [entry.heading_text for entry in corpus.entries] == [
        "Comment s’inscrire à la médiathèque ?",
        "Combien de documents peut-on emprunter ?",
        "Que faire en cas de perte d’un document ?",
    ]
    targets = read_phrasings(folder, corpus.entries).targets
    assert [(target.passage.text[:21], target.phrasings[0]) for target in targets] == [
        ("L’inscription se fait", "je voudrais une carte de bibliothèque"),
        ("Elle est gratuite pou", "c’est payant la médiathèque ?"),
        ("Le document perdu doi", "j’ai perdu un livre"),
    ]
    lexicon = read_lexicon(folder)
    assert lexicon.words == {"bibliothèque": ("médiathèque",)}
    assert list(lexicon.acronyms) == ["AAH"]


def test_an_empty_folder_is_filled_and_nothing_is_overwritten(tmp_path: Path) -> None:
    [catalogue, *others] = create_corpus(tmp_path)
    catalogue.write_text("le mien", encoding="utf-8")

    assert len(others) == 4
    for occupied in (tmp_path, catalogue):
        with pytest.raises(CorpusError, match="indiquez un nouveau dossier"):
            create_corpus(occupied)
    assert catalogue.read_text(encoding="utf-8") == "le mien"
    with pytest.raises(CorpusError, match=r"toml/corpus\u00a0» ne peut pas être écrit"):
        create_corpus(catalogue / "corpus")
