"""The pages that prove a quote, and those to share and to print, without a browser."""

from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from shutil import copytree

import pytest
from conftest import parsed, words
from fake_assistant import About, FakeAssistant
from fastapi import FastAPI
from fastapi.testclient import TestClient
from fpdf import FPDF
from PIL import Image
from printed_corpus import HOURS, OPENING, RULE, assistant_on, documents, write_pdf, write_printed_corpus

from bot.answer import Quote, ReadAs, Reading
from bot.quoting import Library, source_of
from bot.service import Service
from bot.web.branding import Branding
from bot.web.pdf_pages import MAX_PIXELS, MAX_SIDE, page_image
from bot.web.proof import MAX_WORDS, build_proof
from bot.web.rate_limits import RequestLimits
from bot.web.responses import RefusedError, refused
from bot.web.security import Security
from bot.web.server import build_app
from bot.web.source_files import Originals, find_words
from bot.web.viewer import AROUND, MAX_TEXT, window
from corpus.document import Block, BlockKind, Document, Source, Span
from corpus.read import SafeReader

HTML = {"accept": "text/html"}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_printed_corpus(tmp_path_factory.mktemp("printed") / "corpus")


@pytest.fixture(scope="module")
def known(original: Path) -> dict[str, Document]:
    return documents(original)


@pytest.fixture
def folder(tmp_path: Path, original: Path) -> Path:
    """The same files, to change."""
    return Path(copytree(original, tmp_path / "corpus"))


@pytest.fixture
def assistant(known: dict[str, Document]) -> FakeAssistant:
    return assistant_on(known)


NOON = datetime(2026, 11, 23, 12, 5)


def site(assistant: FakeAssistant, folder: Path | None) -> TestClient:
    """These pages behind the guard, without the chat, which takes seconds to prepare."""
    app = FastAPI()
    app.state.branding = Branding()
    service = Service(assistant)
    limits = RequestLimits(service.metrics)
    app.include_router(build_proof(service, limits, Originals(folder), lambda: NOON))
    app.add_exception_handler(RefusedError, refused)
    app.add_middleware(Security)
    return TestClient(app, headers=HTML)


@pytest.fixture
def client(folder: Path, assistant: FakeAssistant) -> TestClient:
    return site(assistant, folder)


def first(assistant: FakeAssistant, question: str) -> Quote:
    return assistant.answers[question].quotes[0]


def address(quote: Quote) -> str:
    return f"{quote.source.sha256}/{quote.start}-{quote.end}"


def standing(client: TestClient, quote: Quote) -> str:
    response = client.get(f"/preuve/{address(quote)}")
    assert response.status_code == 200
    return words(parsed(response.text).select_one(".mm-standing"))


# --- the proof -------------------------------------------------------------------------------------


def test_a_proof_shows_the_words_their_place_and_the_file(client: TestClient, assistant: FakeAssistant) -> None:
    found = first(assistant, "dépôt")
    page = parsed(client.get(f"/preuve/{address(found)}").text)

    assert page.select_one(".mm-text").get_text() == RULE
    assert [words(h) for h in page.select("h1")] == ["Vérification d’une citation"]
    assert words(page.select_one(".mm-title")) == "Règlement des déchèteries"
    assert words(page.select_one(".mm-byline")) == "Ville de Montbrun, 20 mai 2021, page 1 version de mai 2021"
    facts = {words(d.dt): words(d.dd) for d in page.select(".mm-facts div")}
    assert facts == {
        "Position dans le texte lu": "du caractère 1 au caractère 75",
        "Empreinte du fichier (SHA-256)": found.source.sha256,
        "Adresse de la preuve": f"http://testserver/preuve/{address(found)}",
    }
    assert words(page.select_one("p.mm-aside")) == "Vérifié le 23 novembre 2026 à 12 h 05."


def test_any_slice_can_be_proven_and_one_over_a_page_break_names_both_pages(
    client: TestClient, assistant: FakeAssistant
) -> None:
    broken = first(assistant, "forfait")
    own = parsed(client.get(f"/preuve/{address(broken)}").text)
    other = parsed(client.get(f"/preuve/{broken.source.sha256}/3-8").text)

    assert words(own.select_one(".mm-where")) == "Ville de Montbrun, 20 mai 2021, pages 1 et 2"
    assert other.select_one(".mm-text").get_text() == "dépôt"


def test_the_file_has_changed_and_the_words_stand_in_it_still(
    client: TestClient, assistant: FakeAssistant, folder: Path
) -> None:
    found = first(assistant, "dépôt")
    assert standing(client, found) == "Le fichier n’a pas changé : ces mots y figurent toujours, au même endroit."
    write_pdf(folder / "documents" / "reglement.pdf", ["Préambule."] * 7)

    assert standing(client, found) == "Le fichier a changé depuis, et ces mots y figurent encore, page 1."
    page = parsed(client.get(f"/preuve/{address(found)}").text)
    now = documents(folder)["reglement"].sha256
    assert [words(code) for code in page.select(".mm-hash")] == [found.source.sha256, now]
    assert "Ce service cite encore l’ancien fichier" in words(page.main)


def test_the_words_no_longer_stand_in_the_file_or_it_cannot_be_read_or_is_gone(
    client: TestClient, assistant: FakeAssistant, folder: Path
) -> None:
    rules, hours = folder / "documents" / "reglement.pdf", folder / "documents" / "horaires.txt"
    hours.write_text(HOURS.replace("samedi", "dimanche"), encoding="utf-8")
    rules.write_bytes(b"<html>maintenance</html>")

    assert standing(client, first(assistant, "horaires")) == (
        "Le fichier a changé depuis, et ces mots n’y figurent plus."
    )
    assert standing(client, first(assistant, "dépôt")) == (
        "Le fichier a changé depuis, et il ne peut plus être lu : ce fichier n’est pas un PDF, malgré son nom."
    )
    rules.unlink()
    assert standing(client, first(assistant, "dépôt")) == "Le fichier n’est plus là."
    assert standing(site(assistant, None), first(assistant, "horaires")) == "Le fichier n’est plus là."


def test_a_file_is_read_again_only_when_it_was_touched(
    client: TestClient, assistant: FakeAssistant, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "documents" / "horaires.txt").write_text("Fermée.", encoding="utf-8")
    reads = []
    read = SafeReader.read
    monkeypatch.setattr(SafeReader, "read", lambda *args: reads.append(args) or read(*args))
    for _ in range(3):
        standing(client, first(assistant, "horaires"))

    assert len(reads) == 1


@pytest.mark.parametrize(
    ("sought", "text", "offset"),
    [
        ("le contrat\nest signé", "Hier, le contrat est signé.", 6),
        ("délai de 2", "un délai de 20 jours", None),
        ("(article 2).", "voir(article 2).", 4),
        ("Un", "Huns. Un.", 6),
        (" ", "a b", None),
    ],
)
def test_words_are_found_whole_whatever_parts_them(sought: str, text: str, offset: int | None) -> None:
    found = find_words(sought, text)
    assert (found.start if found else None) == offset


# --- addresses that lead nowhere -------------------------------------------------------------------


@pytest.mark.parametrize("room", ["preuve", "document"])
def test_a_wrong_range_is_a_courteous_page(client: TestClient, assistant: FakeAssistant, room: str) -> None:
    sha256 = first(assistant, "dépôt").source.sha256
    for place in ("5-5", "9-3", "0-99999", "00-5", "-1-5", "a-b", "75-77", "0-9999999999"):
        response = client.get(f"/{room}/{sha256}/{place}")
        assert response.status_code == 404, place
        assert words(parsed(response.text).h1) == "Page introuvable"


@pytest.mark.parametrize("path", ["/preuve/{}/1-5", "/document/{}/1-5", "/document/{}/page-1.webp", "/fichier/{}"])
def test_a_document_that_is_not_indexed_is_not_there(client: TestClient, path: str) -> None:
    for sha256 in ("0" * 64, "x", "..%2f..%2fcatalogue.toml", "reglement.pdf", "%2e%2e"):
        response = client.get(path.format(sha256))
        assert response.status_code == 404, sha256
        assert "[[source]]" not in response.text
    replaced = words(parsed(client.get(f"/preuve/{'0' * 64}/1-5").text).main)
    assert "Il a pu être remplacé par une version plus récente" in replaced


def test_more_words_than_one_can_prove_at_once_are_refused() -> None:
    text = "mot " * MAX_WORDS
    document = Document(Source("long", "Long", "V", "2021", "page", "long.txt"), text, "a" * 64, ())
    client = site(FakeAssistant({}, About(()), library=Library.of_documents([document])), None)
    refused = client.get(f"/preuve/{'a' * 64}/0-{MAX_WORDS + 1}")

    assert client.get(f"/preuve/{'a' * 64}/0-{MAX_WORDS}").status_code == 200
    assert refused.status_code == 404
    assert "20 000 caractères à la fois" in words(parsed(refused.text).main)


def test_these_pages_can_only_be_read(client: TestClient) -> None:
    for path in ("/preuve/x/1-2", "/document/x/1-2", "/fichier/x", "/reponse", "/fiche"):
        assert client.post(path).status_code == 404


# --- the viewer ------------------------------------------------------------------------------------


def test_the_page_is_an_image_with_the_words_under_a_marker(client: TestClient, assistant: FakeAssistant) -> None:
    found = first(assistant, "dépôt")
    page = parsed(client.get(f"/document/{address(found)}").text)
    [image] = page.select(".mm-paper img")
    [box] = page.select("svg rect")

    assert page.select_one(".mm-text").get_text() == RULE
    assert image["alt"] == ("Page 1 du document «\xa0Règlement des déchèteries\xa0». Les mots cités y sont surlignés.")
    assert box["id"] == "passage"
    # fpdf2 writes from 10 mm of the left and top edges of 210 x 297 mm; 12 points are 4.2 mm of a line of 7 mm.
    assert 4.5 < float(box["x"]) < 5.5
    assert 3.3 < float(box["y"]) < 6
    assert float(box["height"]) < 2
    assert page.select("[style]") == []


def test_the_image_is_the_page_at_a_bounded_size(client: TestClient, assistant: FakeAssistant) -> None:
    sha256 = first(assistant, "dépôt").source.sha256
    response = client.get(f"/document/{sha256}/page-1.webp")
    image = Image.open(BytesIO(response.content))

    assert response.headers["content-type"] == "image/webp"
    assert image.size == (1191, 1684)  # A4 at 144 points per inch
    assert image.convert("L").getextrema() == (0, 255)
    found = [client.get(f"/document/{sha256}/page-{n}.webp").status_code for n in (2, 3, 0, 99999)]
    assert found == [200, 404, 404, 404]


@pytest.mark.parametrize("size", [(14_400, 14_400), (14_400, 3)])
def test_a_page_of_any_size_makes_an_image_of_a_bounded_one(size: tuple[int, int]) -> None:
    pdf = FPDF(unit="pt", format=size)
    pdf.add_page()
    width, height = Image.open(BytesIO(page_image(bytes(pdf.output()), 1))).size

    assert width * height <= MAX_PIXELS * 1.01
    assert max(width, height) <= MAX_SIDE + 1


def test_over_a_page_break_both_pages_are_marked(client: TestClient, assistant: FakeAssistant) -> None:
    page = parsed(client.get(f"/document/{address(first(assistant, 'forfait'))}").text)

    assert [words(caption).split(" Agrandir")[0] for caption in page.select("figcaption")] == [
        "Page 1 sur 2",
        "Page 2 sur 2",
    ]
    assert [len(paper.select("rect")) for paper in page.select(".mm-paper")] == [1, 2]
    assert [rect.get("id") for rect in page.select("rect")] == ["passage", None, None]


def test_one_can_turn_the_pages_and_come_back(client: TestClient, assistant: FakeAssistant) -> None:
    found = first(assistant, "dépôt")
    here = parsed(client.get(f"/document/{address(found)}").text)
    assert [a["href"] for a in here.select(".mm-turning a")] == [f"{found.start}-{found.end}?page=2"] * 2

    turned = parsed(client.get(f"/document/{address(found)}?page=2").text)
    assert [a["href"] for a in turned.select(".mm-turning a")][:2] == [
        f"{found.start}-{found.end}?page=1",
        f"{found.start}-{found.end}#passage",
    ]
    assert turned.select("rect") == []
    assert turned.select_one(".mm-paper")["id"] == "passage"
    for wrong in ("3", "0", "x"):
        assert "Page 1 sur 2" in client.get(f"/document/{address(found)}?page={wrong}").text


def test_the_text_is_shown_when_the_pdf_is_no_longer_the_one_that_was_read(
    client: TestClient, assistant: FakeAssistant, folder: Path
) -> None:
    found = first(assistant, "dépôt")
    write_pdf(folder / "documents" / "reglement.pdf", ["Nouveau."])
    page = parsed(client.get(f"/document/{address(found)}").text)

    assert page.select("img") == []
    assert [mark.get_text() for mark in page.select("mark#passage")] == [RULE]
    assert "le fichier d’origine n’est plus à sa place, a changé" in words(page.select_one(".mm-warning"))
    assert client.get(f"/document/{found.source.sha256}/page-1.webp").status_code == 404


def test_words_that_cannot_be_placed_exactly_are_not_marked(
    folder: Path, assistant: FakeAssistant, known: dict[str, Document]
) -> None:
    real = known["reglement"]
    read_wrong = replace(real, text=real.text.replace("gratuit", "payants"))
    fake = FakeAssistant({}, assistant.known, library=Library.of_documents([read_wrong]))
    page = parsed(site(fake, folder).get(f"/document/{real.sha256}/0-75").text)

    assert page.select("rect") == []
    assert "rien n’est surligné, plutôt que de surligner à côté" in words(page.select_one(".mm-warning"))
    assert len(page.select(".mm-paper img")) == 1


def test_a_text_is_shown_whole_with_the_words_marked(client: TestClient, assistant: FakeAssistant) -> None:
    page = parsed(client.get(f"/document/{address(first(assistant, 'horaires'))}").text)

    assert [mark.get_text() for mark in page.select("mark")] == [OPENING]
    assert page.select_one("mark")["id"] == "passage"
    shown = " ".join(paragraph.get_text() for paragraph in page.select(".mm-fulltext p"))
    assert shown.split() == HOURS.split()
    assert page.select(".mm-warning") == []


def test_rows_of_a_table_are_shown_as_rows_in_its_document(
    client: TestClient, assistant: FakeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "Durée\tPrix\n15 ans\t180 €\nAu-delà, demandez."
    blocks = (Block(0, 10, BlockKind.TABLE), Block(11, 23, BlockKind.TABLE), Block(24, 42, BlockKind.PARAGRAPH))
    document = Document(Source("d", "D", "V", "2021", "page", "d.txt"), text, "a" * 64, blocks)
    monkeypatch.setattr(assistant, "library", Library.of_documents([document]))
    page = parsed(client.get(f"/document/{'a' * 64}/11-23").text)

    rows = [[words(cell) for cell in row.select(".mm-cell")] for row in page.select(".mm-fulltext .mm-row")]
    assert rows == [["Durée", "Prix"], ["15 ans", "180 €"]]
    assert (words(page.select_one("#passage")), len(page.select(".mm-fulltext mark"))) == ("15 ans 180 €", 2)


def test_of_a_very_long_text_what_is_around_the_words_is_shown() -> None:
    line = "Une phrase de ce long document.\n"
    text = line * (MAX_TEXT // len(line) + 2_000)
    starts = range(0, len(text), len(line))
    blocks = tuple(Block(start, start + len(line) - 1, BlockKind.PARAGRAPH) for start in starts)
    document = Document(Source("long", "Long", "V", "2021", "page", "long.txt"), text, "a" * 64, blocks)
    middle = starts[4_000]
    shown = window(document, Span(middle, middle + len(line) - 1))

    assert shown.is_cut
    assert [paragraph.words for paragraph in shown.paragraphs if paragraph.words] == [line.strip()]
    assert len(shown.paragraphs) == pytest.approx(2 * AROUND / len(line), abs=3)


def test_words_over_several_paragraphs_are_marked_in_each_and_found_once() -> None:
    text = "Un deux.\nTrois quatre.\nCinq."
    blocks = (Block(0, 8, BlockKind.HEADING, 1), Block(9, 22, BlockKind.PARAGRAPH), Block(23, 28, BlockKind.ITEM, 1))
    document = Document(Source("d", "D", "V", "2021", "page", "d.txt"), text, "a" * 64, blocks)
    shown = window(document, Span(3, 14))

    assert [(p.before, p.words, p.after) for p in shown.paragraphs] == [
        ("Un ", "deux.", ""),
        ("", "Trois", " quatre."),
        ("", "", "Cinq."),
    ]
    assert shown.first is shown.paragraphs[0]


# --- the original file -----------------------------------------------------------------------------


def test_the_original_file_is_given_whole_and_never_opened(
    client: TestClient, assistant: FakeAssistant, folder: Path
) -> None:
    response = client.get(f"/fichier/{first(assistant, 'dépôt').source.sha256}")

    assert response.content == (folder / "documents" / "reglement.pdf").read_bytes()
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["content-disposition"] == 'attachment; filename="reglement.pdf"'
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["content-security-policy"] == "sandbox; default-src 'none'"


def test_a_file_that_changed_is_not_given(client: TestClient, assistant: FakeAssistant, folder: Path) -> None:
    path = folder / "documents" / "horaires.txt"
    secret = folder / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    path.unlink()
    path.symlink_to(secret)
    response = client.get(f"/fichier/{first(assistant, 'horaires').source.sha256}")

    assert response.status_code == 404
    assert "n’est plus à sa place, ou a changé depuis" in words(parsed(response.text).main)


# --- under each quote ------------------------------------------------------------------------------


def test_each_quote_of_an_answer_leads_to_its_proof(client: TestClient, assistant: FakeAssistant) -> None:
    page = parsed(client.get("/reponse", params={"question": "dépôt"}).text)
    quotes = assistant.answers["dépôt"].quotes

    assert [a["href"] for a in page.select(".mm-view")] == [f"document/{address(q)}#passage" for q in quotes]
    assert [a["href"] for a in page.select(".mm-proof")] == [f"preuve/{address(q)}" for q in quotes]
    assert words(page.select_one(".mm-view")) == "Voir dans le document : Règlement des déchèteries, page 1"
    assert len(page.select("button.mm-copy")) == 2
    assert [words(badge) for badge in page.select(".mm-badge")] == ["version de mai 2021"]
    for link in page.select(".mm-view, .mm-proof, .mm-sheet"):
        assert client.get(f"/{link['href']}").status_code == 200


def test_under_a_prefix_every_link_of_every_page_stays_under_it(folder: Path, assistant: FakeAssistant) -> None:
    with TestClient(build_app(assistant, corpus=folder, root_path="/faq"), headers=HTML) as client:
        place = address(first(assistant, "dépôt"))
        for path in (f"document/{place}", f"preuve/{place}", "reponse?question=dépôt", "fiche?question=dépôt"):
            response = client.get(f"/faq/{path}")
            assert response.status_code == 200
            for element in parsed(response.text).select("main [href], main [src], head [href], head [src]"):
                target = response.url.join(element.get("href") or element["src"])
                assert target.path.startswith("/faq/"), (path, element)
                assert client.get(target).status_code == 200, (path, element)


# --- to share and to print -------------------------------------------------------------------------


def test_the_permalink_asks_again_with_the_question_it_refers_to(client: TestClient, assistant: FakeAssistant) -> None:
    asked = {"question": "horaires", "avant": ["bonjour", "la déchèterie municipale"]}
    earlier = "la déchèterie municipale"
    read = Reading(ReadAs.FOLLOW_UP, earlier, (earlier,))
    assistant.answers["horaires"] = replace(assistant.answers["horaires"], reading=read)
    page = parsed(client.get("/reponse", params=asked).text)

    assert assistant.asked[-1] == ("horaires", ("bonjour", "la déchèterie municipale"))
    assert [words(h) for h in page.select("h1")] == ["horaires"]
    assert words(page.select_one(".mm-earlier")) == "Après la question « la déchèterie municipale »"
    assert page.select_one(".mm-sheet")["href"] == ("fiche?question=horaires&avant=la+d%C3%A9ch%C3%A8terie+municipale")


def test_a_refusal_has_a_page_and_a_sheet_whose_suggestions_are_links(client: TestClient) -> None:
    page, sheet = (parsed(client.get(path, params={"question": "météo"}).text) for path in ("/reponse", "/fiche"))

    assert words(page.select_one(".mm-message")) == "Les textes ne répondent pas."
    assert [(words(a), a["href"]) for a in page.select("a.mm-ask")] == [("dépôt", "reponse?question=d%C3%A9p%C3%B4t")]
    assert page.select("button.mm-ask") == []
    assert "Les textes ne répondent pas." in words(sheet.article)
    assert [words(a) for a in sheet.select(".mm-suggested a")] == ["dépôt"]
    assert sheet.select(".mm-text, .mm-small") == []


@pytest.mark.parametrize("path", ["/reponse", "/fiche"])
@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"question": "  "}, 404, "Il n’y a pas de question dans cette adresse"),
        ({"question": "x", "avant": "y" * 2001}, 413, "2 001 caractères"),
    ],
)
def test_a_question_that_cannot_be_asked_is_explained(
    client: TestClient, assistant: FakeAssistant, path: str, asked: dict[str, str], status: int, said: str
) -> None:
    response = client.get(path, params=asked)

    assert response.status_code == status
    assert said in words(parsed(response.text).main)
    assert assistant.asked == []


def test_a_hostile_question_is_shown_as_text_and_nothing_is_kept_or_indexed_of_it(client: TestClient) -> None:
    for path in ("/reponse", "/fiche"):
        response = client.get(path, params={"question": '<script>x</script>" onload=1'})
        page = parsed(response.text)
        assert words(page.h1) == '<script>x</script>" onload=1'
        assert page.select("main script, [onload]") == []
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["referrer-policy"] == "no-referrer"
        assert page.select_one("meta[name=robots]")["content"] == "noindex"


def test_the_sheet_says_all_that_one_needs_to_repeat_it(client: TestClient, assistant: FakeAssistant) -> None:
    found = first(assistant, "horaires")
    page = parsed(client.get("/fiche", params={"question": "horaires"}).text)

    assert [words(h) for h in page.select("h1")] == ["horaires"]
    assert words(page.select_one(".mm-understood")) == "« déchet » compris comme « déchèterie »"
    assert page.select_one(".mm-text").get_text() == OPENING
    assert words(page.select_one(".mm-byline")) == "Ville de Montbrun, mars 2022"
    assert words(page.select_one(".mm-place")) == "Question posée dans le texte : Quand ouvre-t-elle ?"
    facts = {words(d.dt): words(d.dd) for d in page.select(".mm-facts div")}
    assert facts == {
        "Consulté le": "23 novembre 2026",
        "Date du texte": "mars 2022",
        "Adresse de la preuve": f"http://testserver/preuve/{address(found)}",
        "Empreinte du fichier (SHA-256)": found.source.sha256,
    }


# --- the library -----------------------------------------------------------------------------------


def test_the_library_of_a_real_index_knows_the_question_of_any_slice(small_assistant: object) -> None:
    library: Library = small_assistant.library  # type: ignore[attr-defined]
    answer = small_assistant.ask("Que risque-t-on en cas de retard ?")  # type: ignore[attr-defined]
    found = answer.quotes[0]
    document = library.document(found.source.sha256)

    assert document is not None
    again = library.quote(document, Span(found.start, found.end))
    assert (again.text, again.source) == (found.text, found.source)
    with pytest.raises(ValueError, match="no quote"):
        library.quote(document, Span(0, len(document.text) + 1))
    assert library.document("0" * 64) is None
    assert source_of(document, 0, "", None).question is None
