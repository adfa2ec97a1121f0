from pathlib import Path

import pytest

from corpus.catalogue import create_corpus
from corpus.errors import CorpusError
from corpus.phrasings import read_lexicon, read_phrasings
from corpus.read import read_corpus


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
