"""Collections: each answers from its own texts and the common ones, for those who may see it, and shows no other's."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import Run, plain
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_corpus import FAQ, small_encoder, write_corpus

from bot import cli_index
from bot.journal import Journal
from bot.settings import Settings, read_settings
from bot.site import branding_of, load_site
from corpus.errors import SettingsError
from index.build import build
from index.store import FolderStore

OWN = {
    "montbrun": ("Quand ouvre le portage à Montbrun ?", "Le portage de Montbrun ouvre le MARDIMONTBRUN."),
    "valfleury": ("Quand ouvre le portage à Valfleury ?", "Le portage de Valfleury ouvre le JEUDIVALFLEURY."),
    "agents": ("Quelle amende pour un agent ?", "Un agent ne paie aucune amende, dit la NOTEINTERNE."),
    "marches": ("Qui range la salle ?", "La salle est rangée par le SERVICEACHATS."),
}
"""Name of a collection -> its one question and its answer, with a word that stands nowhere else."""
MARKS = {name: re.findall(r"[A-Z]{10,}", answer)[0] for name, (_, answer) in OWN.items()}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service, its corpus, and four collections: two open, one for a network, one for a header of the proxy."""
    folder = tmp_path_factory.mktemp("service")
    write_corpus(folder / "common", FAQ, {})
    build(folder / "common", folder / "index", small_encoder())
    tables = [
        'operator = "Agence nationale"\nrate_limit = "non"\n'
        'trusted_proxies = ["127.0.0.1"]\nframe_ancestors = ["https://agence.exemple"]\n'
    ]
    rules = {
        "montbrun": 'title = "Montbrun vous répond"\noperator = "Ville de Montbrun"\nframe_ancestors = ["https://montbrun.exemple"]',
        "valfleury": 'contact = "mairie@valfleury.exemple"',
        "agents": 'networks = ["10.1.0.0/16"]',
        "marches": 'header = "X-Auth-Request-Groups"\nvalues = ["achats"]',
    }
    for name, entry in OWN.items():
        write_corpus(folder / name, {"seule": entry}, {})
        (folder / name / "catalogue.toml").write_text(
            (folder / name / "catalogue.toml")
            .read_text(encoding="utf-8")
            .replace("Ville de Montbrun", f"Ville {name}"),
            encoding="utf-8",
        )
        build(folder / name, folder / f"index-{name}", small_encoder())
        tables.append(
            f'[[collection]]\nname = "{name}"\ncorpus = "{folder / name}"\nindex = "{folder / f"index-{name}"}"\n'
            f"{rules[name]}\n"
        )
    (folder / "motamot.toml").write_text("\n".join(tables), encoding="utf-8")
    return folder


@pytest.fixture
def settings(place: Path, no_settings: None, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MOTAMOT_CONFIG", str(place / "motamot.toml"))
    monkeypatch.setattr(cli_index, "load_encoder", lambda _: small_encoder())
    return read_settings(corpus=place / "common", index=place / "index")


@pytest.fixture(scope="module")
def served(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, Journal]]:
    journal = Journal(tmp_path_factory.mktemp("journal") / "journal.sqlite3", 30)
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MOTAMOT_")]:
            patch.delenv(name)
        patch.setenv("MOTAMOT_CONFIG", str(place / "motamot.toml"))
        patch.setattr(cli_index, "load_encoder", lambda _: small_encoder())
        settings = read_settings(corpus=place / "common", index=place / "index")
        app = load_site(settings, journal, stack)
        app.state.branding = branding_of(settings)
        yield app, journal
    journal.close()


def visitor(app: FastAPI, address: str = "192.0.2.7") -> TestClient:
    return TestClient(app, client=(address, 1234), base_url="http://service.exemple")


def asked(client: TestClient, where: str, question: str, **more: str) -> Mapping[str, object]:
    answer = client.post(f"{where}/api/ask", json={"question": question, **more})
    assert answer.status_code == 200, answer.text
    found: Mapping[str, object] = answer.json()
    return found


def first_quote(answer: Mapping[str, object]) -> str:
    quotes = answer["quotes"]
    return str(quotes[0]["text"]) if quotes else ""  # type: ignore[index]


def test_a_collection_answers_from_its_own_texts_and_from_the_common_ones(served: tuple[FastAPI, Journal]) -> None:
    app, journal = served
    client = visitor(app)

    own = asked(client, "/c/montbrun", OWN["montbrun"][0])
    common = asked(client, "/c/montbrun", FAQ["retard"][0])
    by_name = asked(client, "", OWN["montbrun"][0], collection="montbrun")

    assert MARKS["montbrun"] in first_quote(own)
    assert own["quotes"][0]["source"]["publisher"] == "Ville montbrun"  # type: ignore[index]
    assert "Aucune amende" in first_quote(common)
    assert common["quotes"][0]["source"]["publisher"] == "Ville de Montbrun"  # type: ignore[index]
    assert first_quote(by_name) == first_quote(own)
    assert MARKS["montbrun"] not in json.dumps(asked(client, "", OWN["montbrun"][0]))
    assert sorted(record.collection for record in journal.records()) == ["", "montbrun", "montbrun", "montbrun"]
    counted = client.get("/metrics", headers={"Host": "service.exemple"})
    assert counted.status_code == 403
    local = visitor(app, "127.0.0.1").get("/metrics").text
    assert 'motamot_questions_total{collection="montbrun",kind="answer"} 3.0' in local


def test_each_has_its_branding_its_addresses_and_its_greeting(served: tuple[FastAPI, Journal]) -> None:
    client = visitor(served[0])

    own, other, common = (client.get(where) for where in ("/c/montbrun/", "/c/valfleury/", "/"))

    assert "frame-ancestors 'self' https://montbrun.exemple" in own.headers["content-security-policy"]
    assert "frame-ancestors 'self' https://agence.exemple" in other.headers["content-security-policy"]
    assert re.findall(r'"root":\s*"([^"]*)"', own.text) == ["http://service.exemple/c/montbrun"]
    assert re.findall(r'"root":\s*"([^"]*)"', common.text) == ["http://service.exemple"]
    assert "motamot-page-greeting" not in own.text
    assert [page.text.count("Ville montbrun") > 0 for page in (own, other, common)] == [True, False, False]
    assert "mairie@valfleury.exemple" in client.get("/c/valfleury/reponse?question=capitale+du+P%C3%A9rou").text
    assert client.get("/c/montbrun", follow_redirects=False).headers["location"].endswith("/c/montbrun/")
    assert [each.status_code for each in (own, other, common, client.get("/c/montbrun/panneau"))] == [200] * 4


def test_its_title_heads_its_pages_and_a_common_text_says_who_keeps_it(served: tuple[FastAPI, Journal]) -> None:
    client = visitor(served[0])
    question = FAQ["retard"][0]

    for page in ("", "panneau", "integration", "accessibilite", f"reponse?question={question}", "absente"):
        own, common = (
            client.get(f"{where}{page}", headers={"Accept": "text/html"}).text for where in ("/c/montbrun/", "/")
        )
        assert re.search("<title>[^<]*Montbrun vous répond</title>", own), page
        assert re.search("<(h1|a)[^>]*>Montbrun vous répond<", own), page
        assert "Montbrun vous répond" not in common
    answers = {where: asked(client, where, question) for where in ("/c/montbrun", "/c/valfleury", "")}
    assert [answer["collection"] for answer in answers.values()] == ["Montbrun vous répond", "valfleury", None]
    keepers = [answer["quotes"][0]["source"]["common"] for answer in answers.values()]  # type: ignore[index]
    assert keepers == ["Agence nationale", "Agence nationale", None]
    own_answer = asked(client, "/c/montbrun", OWN["montbrun"][0])
    assert own_answer["quotes"][0]["source"]["common"] is None  # type: ignore[index]
    source = answers["/c/montbrun"]["quotes"][0]["source"]  # type: ignore[index]
    for page in (
        f"reponse?question={question}",
        f"preuve/{source['sha256']}/0-40",
        f"document/{source['sha256']}/0-40",
    ):
        shown = plain(client.get(f"/c/montbrun/{page}").text)
        assert "Texte commun à plusieurs collectivités : Agence nationale" in shown, page
        assert "Texte commun" not in client.get(f"/{page}").text


ALLOWED = {
    "10.1.2.3": ({}, {"montbrun", "valfleury", "agents"}),
    # Not a trusted proxy: what a visitor writes himself counts for nothing.
    "192.0.2.8": ({"X-Auth-Request-Groups": "achats"}, {"montbrun", "valfleury"}),
    "127.0.0.1": (
        {"X-Auth-Request-Groups": "culture, achats", "X-Forwarded-For": "192.0.2.9"},
        {"montbrun", "valfleury", "marches"},
    ),
    "::1": ({"X-Forwarded-For": "10.1.2.3", "X-Auth-Request-Groups": "achats"}, {"montbrun", "valfleury"}),
}
"""Who is connected -> the headers that come, and what they may see."""


@pytest.mark.parametrize("address", ALLOWED)
def test_nothing_of_a_collection_is_seen_elsewhere_or_by_others(served: tuple[FastAPI, Journal], address: str) -> None:
    app, _ = served
    headers, allowed = ALLOWED[address]
    client = visitor(app, address)
    client.headers.update(headers)
    documents = {name: FolderStore(read_settings().of(name).index_folder).load().entries[0].document for name in OWN}
    places = {
        name: (document.sha256, document.text.index("Le portage") if "Le portage" in document.text else 0)
        for name, document in documents.items()
    }
    for here in ("", *OWN):
        prefix = f"/c/{here}" if here else ""
        visible = not here or here in allowed
        pages = [
            client.get(f"{prefix}{path}")
            for path in ("/", "/panneau", "/api", "/api/openapi.json", "/integration", "/accessibilite", "/readyz")
        ]
        for name in OWN if visible else [here]:
            question, (sha256, start) = OWN[name][0], places[name]
            length = len(documents[name].text)
            got = pages + [
                client.get(f"{prefix}{path}")
                for path in (
                    f"/preuve/{sha256}/{start}-{length}", f"/document/{sha256}/{start}-{length}",
                    f"/document/{sha256}/page-1.webp", f"/fichier/{sha256}",
                    f"/reponse?question={question}", f"/fiche?question={question}",
                )
            ]  # fmt: skip
            got.append(client.post(f"{prefix}/api/ask", json={"question": question}))
            got.append(client.post(f"{prefix}/api/ask", json={"question": question, "collection": name}))
            call = {"fn_index": 0, "data": [question, "[]"]}
            got.append(client.post(f"{prefix}/gradio_api/run/predict", json=call))
            if not visible:
                assert {response.status_code for response in got} == {404}, (here, name)
            seen = {mark for mark in MARKS.values() if any(mark in response.text for response in got)}
            may = ({MARKS[here]} if here else {MARKS[name]} & {MARKS[each] for each in allowed}) if visible else set()
            assert seen <= may, (here, name)
            if here == name and visible:
                assert [response.status_code for response in got[7:9]] == [200, 200]
                assert got[10].status_code == 200
                assert MARKS[name] in got[13].text


def test_a_collection_that_is_not_for_you_is_answered_like_one_that_is_not_there(
    served: tuple[FastAPI, Journal],
) -> None:
    client = visitor(served[0])

    closed, absent = client.get("/c/agents/"), client.get("/c/nowhere/")
    refused, unknown = (
        client.post("/api/ask", json={"question": "amende", "collection": name}) for name in ("agents", "nowhere")
    )

    assert (closed.status_code, closed.text) == (absent.status_code, absent.text)
    assert (refused.status_code, refused.text) == (404, unknown.text)


def test_the_commands_take_a_collection(
    settings: Settings, place: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTAMOT_CONFIG", str(place / "motamot.toml"))
    monkeypatch.setenv("MOTAMOT_CORPUS", str(place / "common"))
    monkeypatch.setenv("MOTAMOT_INDEX", str(place / "index"))

    own = run("ask", "--collection", "valfleury", OWN["valfleury"][0])
    common = run("ask", "--collection", "valfleury", FAQ["retard"][0])
    unknown = run("ask", "--collection", "nowhere", "amende")

    assert (own.code, MARKS["valfleury"] in own.out) == (0, True)
    assert (common.code, "Aucune amende" in common.out) == (0, True)
    assert unknown.code == 2
    assert "Il n’y a pas de collection « nowhere » ; sont réglées : « montbrun »" in unknown.err
    assert run("build", "--collection", "valfleury").code == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('name = "Montbrun"\ncorpus = "x"', "[[collection]] n° 1, « name » : 'Montbrun' ne convient pas"),
        ('name = "a"', "[[collection]] n° 1, « corpus » : rien ne convient pas, est attendu : un dossier"),
        (
            'name = "a"\ncorpus = "x"\ncolour = 1',
            "[[collection]] n° 1 : clé inconnue « colour » ; clés admises : name, ",
        ),
        ('name = "a"\ncorpus = "x"\nnetworks = "ici"', "« networks » : 'ici' ne convient pas"),
        ('name = "a"\ncorpus = "x"\n[[collection]]\nname = "a"\ncorpus = "y"', "de noms distincts"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(
    tmp_path: Path, no_settings: None, monkeypatch: pytest.MonkeyPatch, table: str, said: str
) -> None:
    (tmp_path / "motamot.toml").write_text(f"[[collection]]\n{table}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError) as caught:
        read_settings()

    assert said in plain(str(caught.value))
