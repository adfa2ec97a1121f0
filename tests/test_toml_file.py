"""TOML files as editors leave them: what is wrong is said in French, at the line of the mistake."""

from pathlib import Path

import pytest
from conftest import plain

from corpus.toml_file import TomlError, read_toml


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    assert read_toml(write(tmp_path, b"\xef\xbb\xbfa = 1\r\nb = 2\r\n")) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("a = 1\n".encode("utf-16"), "il est en UTF-16 (« Unicode » du Bloc-notes) : enregistrez-le en UTF-8"),
        (
            'a = 1\nb = "été"\n'.encode("latin-1"),
            "ligne 2 : un caractère n’est pas en UTF-8 mais sans doute",
        ),
        ("a = 1\nb = “été”\n", "ligne 2 : les guillemets « “ » sont ceux d’un traitement de texte"),
        ('a = 1\r\nb = "été”\r\n', "ligne 2 : les guillemets « ” » sont ceux d’un traitement de texte"),
        ('ask = [\n  "a"\n\n  # non\n  "b",\n]\n', "ligne 2 : il manque une virgule"),
        ('ask = ["a" "b"]\n', "ligne 1 : il manque une virgule"),
        ('ask = [\n  "a",\n  "b"\n\n[[entry]]\nx = 1\n', "ligne 3 : la liste n’est pas fermée"),
        ('a = "été\nb = 2\n', "ligne 1 : le guillemet qui ferme le texte manque"),
        ('a = 1\nb = """été\n\n\nc = 2\n', "ligne 2 : le guillemet qui ferme le texte manque"),
        ("a = 'l'été'\n", "ligne 1 : « été' » est de trop après la valeur"),
        ("a = 1\nb = faq\n", "ligne 2 : la valeur n’est pas comprise"),
        ("a : 1\n", "ligne 1 : « = » est attendu"),
        ("a = 1\n\na = 2\n\n", "ligne 3 : ce nom est donné deux fois"),
        ('a = "c:\\docs"\n', "ligne 1 : une barre oblique inverse"),
        ('[[source]\nid = "a"\n', "ligne 1 : il manque un crochet"),
        ("a = " + "[" * 5000, "trop de crochets"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(tmp_path: Path, content: str | bytes, problem: str) -> None:
    with pytest.raises(TomlError) as caught:
        read_toml(write(tmp_path, content))

    told = f"« {tmp_path / 'a.toml'} » n’est pas un fichier TOML valable : {problem}"
    assert plain(str(caught.value)).startswith(told)
