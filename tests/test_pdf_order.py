"""Order of the lines of a PDF page, columns, tables, notes, running titles, contents."""

from collections.abc import Sequence

import pytest
from fpdf import FPDF
from pdf_making import SENTENCE, blocks, box, document, entries, laid, plain, read

from bot.web.pdf_pages import placed_text
from bot.web.viewer import printed_on
from corpus.document import BlockKind, Span
from corpus.readers.pdf import read_pdf
from corpus.split.split import split


def test_a_title_and_a_box_drawn_last_stand_where_they_are_seen_and_columns_whole() -> None:
    reading = laid("""
60 720 n Le gérant dépose la demande en mairie
60 707 n trois semaines avant l'ouverture.
320 720 n Le tarif est de trente euros par mètre
320 707 n carré et par an, payables en une fois.
60 500 n Le service du domaine public reçoit le matin, sur rendez-vous, dans la limite des places.
60 760 b20 Guide des terrasses
60 600 n La demande incomplète est refusée sans examen au bout de deux mois, sauf accord écrit du maire.""")

    assert [text.split()[0] for text in blocks(reading)] == ["Guide", "Le", "Le", "La", "Le"]
    assert blocks(reading)[1:3] == [
        "Le gérant dépose la demande en mairie trois semaines avant l'ouverture.",
        "Le tarif est de trente euros par mètre carré et par an, payables en une fois.",
    ]


def test_columns_of_text_of_which_the_file_draws_a_line_of_each_in_turn_are_read_whole() -> None:
    left = [
        "Le gérant dépose la demande en mairie",
        "trois semaines avant l'ouverture, avec",
        "un plan coté et une preuve",
    ]
    right = [
        "Le tarif est de trente euros par mètre",
        "carré et par an, payables en une fois",
        "au régisseur de la commune,",
    ]
    left += ["d'assurance de l'année, datée et", "signée par l'assureur du gérant."]
    right += ["qui en donne un reçu numéroté et", "signé le jour même du paiement."]
    lines = "\n".join(
        f"60 {700 - 13 * row} n {one}\n320 {700 - 13 * row} n {other}"
        for row, (one, other) in enumerate(zip(left, right, strict=True))
    )

    assert blocks(laid(lines)) == [" ".join(left), " ".join(right)]


def test_cells_that_cover_rows_are_told_on_each_and_a_head_on_the_next_page_once() -> None:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    with made.table(repeat_headings=1) as table:
        table.row(["Zone", "Occupation", "Tarif"])
        for zone in ("Centre", "Faubourg"):
            row = table.row()
            row.cell(zone, rowspan=2)
            for occupation, tariff in (("Étalage", "20 euros"), ("Terrasse", "30 euros")):
                row = row if occupation == "Étalage" else table.row()
                row.cell(occupation)
                row.cell(tariff)
        for number in range(40):
            table.row([f"Quartier {number}", "Étalage", f"{number} euros"])
    reading = read(made)

    assert len(reading.pages) == 2
    assert blocks(reading, BlockKind.TABLE) == blocks(reading)
    assert blocks(reading) == [
        *("Zone\tOccupation\tTarif", "Centre\tÉtalage\t20 euros", "Centre\tTerrasse\t30 euros"),
        *("Faubourg\tÉtalage\t20 euros", "Faubourg\tTerrasse\t30 euros"),
        *(f"Quartier {number}\tÉtalage\t{number} euros" for number in range(40)),
    ]


def test_articles_side_by_side_are_no_rows_of_a_table() -> None:
    reading = laid("""
60 740 b13 Taille des haies
60 725 n Les haies se taillent avant le
60 712 n quinze mars, puis en automne.
240 740 b13 Bacs jaunes
240 725 n Les bacs se sortent la veille au
240 712 n soir, après dix-neuf heures.
60 660 b13 Naissances
60 645 n Lina, le trois juillet, et Sacha.
240 660 b13 Mariages
240 645 n Julie et Marc, le six septembre.
420 660 b13 Halle
420 645 n Elle rouvre en mai.""")

    assert list(entries(reading)) == ["Taille des haies", "Bacs jaunes", "Naissances", "Mariages", "Halle"]
    assert entries(reading)["Bacs jaunes"] == ["Les bacs se sortent la veille au soir, après dix-neuf heures."]


def test_a_label_that_fills_its_column_is_a_cell_of_its_own() -> None:
    reading = laid("""
60 740 b14 Numéros utiles
60 710 b Fuite avant le compteur
195 710 n Régie des eaux, 02 00 44 55 66
60 695 b Odeur de gaz
195 695 n Secours, 0 800 47 33 33
60 680 b Panne
195 680 n Le distributeur, 09 72 67 50 22""")

    assert blocks(reading, BlockKind.TABLE)[0] == "Fuite avant le compteur\tRégie des eaux, 02 00 44 55 66"


@pytest.mark.parametrize("names", [("15 - SAMU", "17 - Police", "112 - Secours"), ("SAMU : 15", "Feu : 18", "Eau : 3")])
def test_bold_lines_right_below_one_another_are_a_list(names: Sequence[str]) -> None:
    lines = "\n".join(f"60 {700 - 13 * at} b {name}" for at, name in enumerate(names))
    reading = laid(f"""
60 740 b14 Urgences
{lines}
60 630 b14 Mairie
60 600 n Elle ouvre à neuf heures, sauf le samedi et les veilles de fête.
60 570 n Un rendez-vous se prend par téléphone :
60 557 n 8, rue du Port
60 544 n 01 02 03 04 05
60 510 b Astreinte : 01 02 03 04 06
60 470 b14 Poste
60 440 n Elle ferme à midi le samedi.""")

    assert entries(reading)["Urgences"] == list(names)
    assert entries(reading)["Mairie"][-2:] == ["01 02 03 04 05", "Astreinte : 01 02 03 04 06"]


@pytest.mark.parametrize(("foot", "is_text"), [("Avis - gymnase - 1", False), ("Avis | 1/1", False), ("Lot - 2", True)])
def test_the_foot_of_an_only_page_is_no_text(foot: str, is_text: bool) -> None:
    reading = laid(f"""
60 740 b14 Remise des offres
60 720 n Les offres sont remises le vendredi avant midi, par voie électronique.
60 30 n8 {foot}""")

    assert (foot in reading.text) is is_text


@pytest.mark.parametrize("first", ["price", "label"])
def test_a_price_set_large_is_read_with_its_label(first: str) -> None:
    below, above = (672, 700) if first == "label" else (700, 680)
    cards = [("Adulte", "5 euros"), ("Moins de 12 ans", "3 euros"), ("Dix séances au choix", "38 euros")]
    lines = "\n".join(
        f"{60 + 170 * at} {above} n {label}\n{60 + 170 * at} {below} b28 {price}"
        if first == "label"
        else f"{60 + 170 * at} {below} b28 {price}\n{60 + 170 * at} {above} n {label}"
        for at, (label, price) in enumerate(cards)
    )
    reading = laid(
        f"60 760 b14 Tarifs\n{lines}\n60 600 n La caisse ferme à midi, sauf le dimanche et les jours de fête."
    )

    read_with = [f"{label} {price}" if first == "label" else f"{price} {label}" for label, price in cards]
    assert entries(reading)["Tarifs"][:3] == read_with


def test_a_large_letter_opens_the_line_beside_it() -> None:
    reading = laid("""
60 740 b16 Le mot du maire
84 708 n a commune engage la rénovation de son éclairage public dès le mois de mars. Les travaux
84 694 n commencent par le quartier de la gare. Ils se poursuivent jusqu'en novembre, sous le contrôle
60 680 n des services techniques.
60 640 b14 Extinction
60 620 n Elle a lieu de vingt-trois heures à cinq heures.
60 690 n36 L
""")

    [text, _] = entries(reading).values()
    assert text[0][:17] + text[0][-24:] == "La commune engage" + "des services techniques."


def test_a_row_that_a_page_break_cut_is_one() -> None:
    made = FPDF()
    made.set_font("helvetica", size=11)
    for rows in (
        (("Repas", "Au restaurant de la mairie,", "4 euros"), ("Transport", "Sur présentation", "2 euros")),
        (("", "de la carte de transport.", ""),),
    ):
        made.add_page()
        with made.table() as table:
            for words in (("Aide", "Conditions", "Montant"), *rows):
                table.row(words)

    assert blocks(read(made), BlockKind.TABLE)[-1] == "Transport\tSur présentation de la carte de transport.\t2 euros"


def test_a_frame_is_no_table_and_what_a_line_strikes_out_is_left_out() -> None:
    made = plain(SENTENCE.strip())
    made.rect(5, 5, 200, 40)
    made.rect(5, 45, 200, 40)
    made.ln(6)
    made.write(6, "Le tarif est de ")
    made.set_font("helvetica", "S")
    made.write(6, "vingt-cinq")
    made.set_font("helvetica", "")
    made.write(6, " trente euros par an.")
    made.text(80, 150, "Entre deux filets.")
    made.line(5, 148.8, 205, 148.8)

    assert blocks(read(made)) == [SENTENCE.strip(), "Le tarif est de trente euros par an.", "Entre deux filets."]


def test_an_order_has_its_title_its_grounds_and_its_articles() -> None:
    reading = laid("""
200 780 b RÉPUBLIQUE FRANÇAISE
60 740 b13 Arrêté n° 2024-17 portant réglementation des terrasses
60 700 n Le maire de Valbourg,
60 687 n Vu le code général des collectivités territoriales, notamment ses articles L. 2212-1 et suivants ;
60 674 n Vu la délibération du conseil municipal en date du 4 février 2023 fixant les tarifs de voirie, et en
60 661 n particulier son annexe ;
60 648 n Considérant qu'il importe de préserver le passage des piétons,
60 635 n ARRÊTE :
60 610 b Article 1er
60 597 n La demande est déposée trois semaines avant l'ouverture de la terrasse.
60 570 n Art. 2. - L'article 4 du règlement est ainsi modifié :
60 557 n 1° Le premier alinéa est supprimé.""")

    assert entries(reading) == {
        "Arrêté n° 2024-17 portant réglementation des terrasses": [
            "Le maire de Valbourg,",
            "Vu le code général des collectivités territoriales, notamment ses articles L. 2212-1 et suivants ;",
            "Vu la délibération du conseil municipal en date du 4 février 2023 fixant les tarifs de voirie, et en "
            "particulier son annexe ;",
            "Considérant qu'il importe de préserver le passage des piétons,",
            "ARRÊTE :",
        ],
        "Article 1er": ["La demande est déposée trois semaines avant l'ouverture de la terrasse."],
        "Art. 2": ["L'article 4 du règlement est ainsi modifié :", "1° Le premier alinéa est supprimé."],
    }


@pytest.mark.parametrize("number", ["", "N° 2024-12 - "])
def test_what_a_council_decides_about_heads_what_it_decides(number: str) -> None:
    reading = laid(f"""
60 780 b EXTRAIT DU REGISTRE DES DÉLIBÉRATIONS
60 750 n Présents : Mmes Roux et Petit.
60 720 b {number}OBJET : Tarifs de la cantine
60 690 n Le maire rappelle que les tarifs n'ont pas changé depuis cinq ans.
60 660 n Le conseil municipal, après en avoir délibéré,
60 630 b DÉCIDE
60 600 n de fixer le prix du repas à quatre euros.""")

    assert list(entries(reading))[-1] == f"{number}OBJET : Tarifs de la cantine"
    assert entries(reading)[f"{number}OBJET : Tarifs de la cantine"][-1].endswith("quatre euros.")


def test_what_a_browser_prints_around_a_page_and_the_line_above_a_note_are_no_text() -> None:
    reading = laid(
        """
60 820 n8 05/03/2024 10:12 Terrasses - Ville de Montbrun
60 740 b14 1. Dépôt
60 720 n Le dossier est complet quand il a été reçu par le guichet des terrasses, qui en donne un reçu daté au
60 60 n8 ____________________
60 48 n8 1. Le guichet est ouvert le matin.
60 20 n8 https://www.montbrun.example/terrasses 1/2""",
        """
60 780 n gérant de l'établissement.
60 20 n8 https://www.montbrun.example/terrasses 2/2""",
    )

    assert blocks(reading) == [
        "1. Dépôt",
        "Le dossier est complet quand il a été reçu par le guichet des terrasses, qui en donne un reçu daté au gérant "
        "de l'établissement.",
        "1. Le guichet est ouvert le matin.",
    ]


def test_a_number_of_a_heading_is_no_mark_of_a_note() -> None:
    reading = laid("""
60 760 b 1.2. Les exceptions
60 730 n Un débit peut être transféré dans les communes de moins de deux mille habitants.
60 700 b 2. Les horaires
60 670 n Ils sont fixés par arrêté du préfet, que le maire peut rendre plus stricts par le sien.
60 60 n8 1 Article L. 3335-1 du code de la santé publique.
60 45 n8 2 Population municipale.""")

    assert list(entries(reading)) == ["1.2. Les exceptions", "2. Les horaires"]


def test_notes_are_told_apart_whatever_their_marks_and_their_size() -> None:
    reading = laid(
        """
60 780 b14 Dépôt
60 740 n Le dossier complet* est remis au guichet (1), qui en donne un reçu daté au gérant de
60 60 n (1) Le guichet est ouvert le matin.
60 45 n8 * Voir la liste en annexe.""",
        """
60 780 n l'établissement. Une réponse est donnée dans le mois, par courrier simple.
60 740 b14 Notes
60 710 n 1. Le mois court du dépôt.""",
    )

    assert entries(reading)["Dépôt"][:3] == [
        "Le dossier complet* est remis au guichet (1), qui en donne un reçu daté au gérant de l'établissement. "
        "Une réponse est donnée dans le mois, par courrier simple.",
        "(1) Le guichet est ouvert le matin.",
        "* Voir la liste en annexe.",
    ]
    assert [document(reading).page_at(reading.text.index(words)) for words in ("(1) Le", "1. Le mois")] == [1, 2]


@pytest.mark.parametrize(
    ("titles", "pages"),
    [(("Guide des terrasses", "Commune de Valbourg"), 5), (("Le Petit Valbourg - mai 2024",) * 2, 2)],
)
def test_running_titles_of_odd_and_even_pages_and_page_numbers_of_any_kind_are_dropped(
    titles: tuple[str, str], pages: int
) -> None:
    words = ["premier", "deuxième", "troisième", "quatrième", "cinquième"][:pages]
    odd, even = "380 800 n {1}   {0}", "60 800 n {0}   {1}"
    reading = laid(
        *(
            f"{(even if page % 2 else odd).format(page + 1, titles[page % 2])}\n"
            f"60 740 n Le {word} principe est celui de la liberté.\n300 30 n9 {['i', 'ii', 'iii', 'iv', 'v'][page]}"
            for page, word in enumerate(words)
        )
    )

    assert blocks(reading) == [f"Le {word} principe est celui de la liberté." for word in words]


def test_a_question_left_of_the_answer_above_opens_a_paragraph() -> None:
    reading = laid(
        "60 740 n Quand s'inscrire ?\n100 727 n Jusqu'au sixième vendredi avant le scrutin.\n60 714 n Comment voter "
        "par procuration ?\n100 701 n En ligne, puis à la gendarmerie du canton."
    )

    assert blocks(reading)[1:3] == ["Jusqu'au sixième vendredi avant le scrutin.", "Comment voter par procuration ?"]


def test_the_foot_of_the_only_page_is_no_text() -> None:
    reading = laid("60 740 n Le guichet est ouvert le lundi.\n60 40 n8 Règlement intérieur - page 1/1")

    assert blocks(reading) == ["Le guichet est ouvert le lundi."]


def test_a_sentence_that_ends_several_pages_is_no_footer() -> None:
    voted = "Adopté à l'unanimité."
    reading = laid(*(f"60 740 n Le prix est fixé à {foot} euros.\n60 {foot} n {voted}" for foot in (700, 640, 560)))

    assert blocks(reading)[1::2] == [voted] * 3


def test_numbers_and_acronyms_beside_or_above_a_text_are_its_titles() -> None:
    asked = [f"60 {740 - 60 * n} b14 {n + 1}\n90 {740 - 60 * n} b {text}" for n, text in enumerate(("Qui ?", "Où ?"))]
    said = [f"90 {720 - 60 * n} n {text}" for n, text in enumerate(("Le maire de la commune.", "Sur la place."))]
    terms = "60 600 b PLU\n60 585 n Plan local d'urbanisme de la commune.\n60 560 b SCoT\n60 545 n Schéma de cohérence."
    reading = laid("\n".join([asked[0], said[0], asked[1], said[1]]), terms)

    assert list(entries(reading)) == ["Qui ?", "Où ?", "PLU", "SCoT"]


def test_a_contents_without_leaders_makes_no_entry() -> None:
    first, second = (
        "Comment demander une terrasse sur la voie publique quand on tient un",
        "Combien coûte une terrasse ?",
    )
    reading = laid(
        f"60 780 b16 Sommaire\n60 740 n {first}\n60 725 n commerce ?\n500 725 n p. 2\n60 705 n {second}\n"
        "500 705 n p. 3",
        f"60 780 b12 {first} commerce ?\n60 750 n La demande se fait en mairie, au guichet.",
        f"60 780 b12 {second}\n60 750 n Trente euros par mètre carré et par an.",
    )

    assert list(entries(reading)) == [f"{first} commerce ?", second]


def test_what_was_drawn_last_is_moved_with_its_short_lines_and_not_apart_from_them() -> None:
    reading = laid("""
60 500 n Les périodes accomplies à temps partiel sont comptées en proportion de la durée
60 487 n de travail.
60 460 n Exemple de calcul de l'ancienneté avec des congés pris en compte et non pris en
60 447 n compte, pour un agent à temps plein.
120 700 n L'agent qui n'a pu prendre tous ses congés
120 687 n annuels a droit à une indemnité.""")

    assert [text.split()[-1] for text in blocks(reading)] == ["indemnité.", "travail.", "plein."]


def test_a_bar_of_colour_drawn_with_a_thick_pen_strikes_nothing_out() -> None:
    made = plain("Le guide des terrasses de la commune.")
    made.set_line_width(7)
    made.set_draw_color(0, 160, 120)
    made.line(10, 48, 60, 48)
    made.text(11, 49, "Ce que je dois faire")

    assert blocks(read(made))[1:] == ["Ce que je dois faire"]


def test_bullets_in_fonts_of_pictures_are_bullets_and_are_highlighted() -> None:
    made = plain("Le dossier contient :")
    for row, text in enumerate(("un plan coté ;", "une attestation.")):
        made.set_font("times", size=8)
        made.text(12, 30 + 8 * row, "l")
        made.set_font("helvetica", size=11)
        made.text(17, 30 + 8 * row, text)
    data = bytes(made.output()).replace(b"/BaseFont /Times-Roman", b"/BaseFont /Wingdings2 ")
    reading = read_pdf(data, "note.pdf")

    assert blocks(reading, BlockKind.ITEM) == ["• un plan coté ;", "• une attestation."]
    runs, words = printed_on(document(reading), Span(0, len(reading.text)), 1)
    assert placed_text(data, 1, [runs]).texts == (words,)


def test_sentences_that_end_with_a_line_of_a_column_end_no_paragraph() -> None:
    made = plain("")
    lines = ("Le dossier est signé par le maire.", "Il est déposé au guichet unique.", "Il est gardé durant dix ans.")
    for x, repeated in ((10, 1), (110, 2)):
        box(made, x, 40, "\n".join(line for line in lines for _ in range(repeated)), width=90)

    assert len(blocks(read(made))) == 2


def test_bullets_that_are_drawn_open_items_and_other_dots_do_not() -> None:
    made = plain(SENTENCE * 2)
    made.circle(190, 40, 1, style="F")
    for x, line in ((16, "Un plan de la terrasse"), (24, "à l'échelle"), (16, "Une photo de la façade")):
        made.circle(x - 4, made.get_y() + 3, 0.6, style="F")
        made.set_x(x)
        made.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT", align="L")

    y = made.get_y()
    box(made, 16, y, "La demande est faite au guichet, le lundi.", 70)
    made.circle(112, y + 3, 0.6, style="F")  # in the next column
    box(made, 116, y, "un timbre", 70)
    reading = read(made)
    items = [(block.level, block.of(reading.text)) for block in reading.blocks if block.kind is BlockKind.ITEM]

    assert items == [
        *((1, "Un plan de la terrasse"), (2, "à l'échelle"), (1, "Une photo de la façade")),
        (1, "un timbre"),
    ]


def test_items_with_one_bullet_beside_pictures_of_several_widths_are_of_one_list() -> None:
    reading = laid("""
60 740 n Les gestes à connaître sont les suivants, au travail comme dans les transports :
146 700 n · Télétravailler pour les activités qui s'y prêtent.
60 680 n · Privilégier les réunions à distance.
200 660 n · Rester à plus d'un mètre des autres :
210 640 n - dans les vestiaires ;
60 620 n · Aérer.""")

    assert [block.level for block in reading.blocks if block.kind is BlockKind.ITEM] == [1, 1, 1, 2, 1]


def test_the_word_that_enacts_an_order_stands_alone_without_a_colon() -> None:
    reading = laid("""
60 760 b14 ARRÊTÉ MUNICIPAL N° 2024-17
60 730 n Le maire de Valmont,
60 712 n Considérant que le stationnement gêne la circulation,
60 694 b ARRÊTE
60 676 n ARTICLE 1 : Le stationnement est interdit rue Haute.
60 658 n ARTICLE 2 : Le présent arrêté est affiché.""")

    assert "Considérant que le stationnement gêne la circulation," in blocks(reading)
    assert [text for text in entries(reading) if text.startswith("ARTICLE")] == ["ARTICLE 1", "ARTICLE 2"]


def test_who_signs_an_order_heads_nothing_and_its_title_stays_above_its_articles() -> None:
    found = laid("""
60 780 b13 Décision n° 12 relative aux tarifs
60 750 n La présidente,
60 730 n Vu la délibération du 3 février 2022 ;
60 700 b DÉCIDE
60 680 n Article premier : L'abonnement est de douze euros.
60 650 n Article deux : Les enfants ne paient rien.
60 620 n Article L. 12-4 : Les livres perdus sont remboursés.
60 590 n Fait à Ambreuil, le 9 janvier 2024
300 570 b LA PRÉSIDENTE
300 530 b Odile VERCHÈRE
60 490 n La décision peut être contestée devant le tribunal dans un délai de deux mois.""")

    assert [block.of(found.text) for block in found.blocks if block.kind is BlockKind.HEADING] == [
        "Décision n° 12 relative aux tarifs", "Article premier :", "Article deux :", "Article L. 12-4 :",
    ]  # fmt: skip


@pytest.mark.parametrize("numbers", ["abc", "123", "ABC"])
def test_a_title_set_off_from_the_text_above_is_parted_from_that_below(numbers: str) -> None:
    titles = [
        f"{number}) {words}"
        for number, words in zip(
            numbers,
            ["Jusqu'en 2020", "Ce qui vaut pour les avancements prononcés au titre de 2021", "Après"],
            strict=True,
        )
    ]
    reading = laid(
        "60 780 n Le tableau est établi avant le quinze décembre de l'année qui précède celle pour laquelle\n"
        "60 767 n il est établi, par le service, qui en informe les agents et les syndicats de la maison.\n"
        + "\n".join(
            f"60 {730 - 120 * at} n {title}\n"
            f"60 {714 - 120 * at} n Le tableau est arrêté par le chef du service, qui le fait afficher pour que\n"
            f"60 {701 - 120 * at} n chacun en prenne connaissance, après que la commission a été entendue sur :\n"
            f"60 {688 - 120 * at} n a) la valeur des agents ;\n60 {675 - 120 * at} n b) leur expérience."
            for at, title in enumerate(titles)
        )
    )

    assert [block.of(reading.text) for block in reading.blocks if block.kind is BlockKind.HEADING] == titles


def test_a_box_beside_a_title_and_the_last_words_of_a_cover_are_no_part_of_what_follows() -> None:
    reading = laid(
        "60 700 b24 LA CANICULE\n60 670 b24 AU TRAVAIL\n400 682 b15 SANTÉ\n60 300 n8 Fiche 2\n400 300 b16 Se reposer",
        "60 780 b16 POUR LES AGENTS ET LEURS CHEFS\n60 740 n Chacun boit un verre d'eau toutes les vingt minutes, "
        "à l'ombre, sans attendre la soif.",
    )

    assert blocks(reading)[:-1] == [
        "LA CANICULE AU TRAVAIL",
        "SANTÉ",
        "Fiche 2",
        "Se reposer",
        "POUR LES AGENTS ET LEURS CHEFS",
    ]


def test_where_a_form_is_signed_heads_nothing() -> None:
    found = entries(
        laid("""
60 740 b14 1. Demande
60 720 n Le formulaire est rempli en deux exemplaires par le demandeur.
60 690 b SIGNATURE DU DEMANDEUR
60 660 n Tout organisme répond dans un délai maximum de deux mois.""")
    )

    assert list(found) == ["1. Demande"]


TWO_HEADED = (("Salle", "Prix en euros", None), (None, "Jour", "Nuit"), ("Petite", "", "60"), ("Grande", "90", "110"))
TWO_HEADED_ROWS = ["Salle\tPrix en euros Jour\tPrix en euros Nuit", "Petite\t\t60", "Grande\t90\t110"]
TITLED = (("Jour", "Horaires", None), ("Lundi", "8 h", "12 h"), ("Mardi", "9 h", "11 h"))
TITLED_ROWS = ["Jour\tHoraires", "Lundi\t8 h\t12 h", "Mardi\t9 h\t11 h"]
CORNER = (("", "Habitants", "Autres"), ("Petite", "50", "60"), ("Grande", "90", "110"))
CORNER_ROWS = ["\tHabitants\tAutres", "Petite\t50\t60", "Grande\t90\t110"]


@pytest.mark.parametrize(
    ("cells", "expected"), [(TWO_HEADED, TWO_HEADED_ROWS), (TITLED, TITLED_ROWS), (CORNER, CORNER_ROWS)]
)
def test_empty_cells_keep_their_place_and_a_header_of_two_rows_is_one(
    cells: Sequence[Sequence[str | None]], expected: list[str]
) -> None:
    made = FPDF(format="A4")
    made.add_page()
    made.set_font("helvetica", size=11)
    two = None in cells[0]
    with made.table(col_widths=(40, 40, 40), num_heading_rows=1 + two) as table:
        for number, words in enumerate(cells):
            row = table.row()
            for word in words:
                if word is not None:
                    first = two and not number
                    row.cell(
                        word,
                        rowspan=2 if first and word == "Salle" else 1,
                        colspan=1 + (first and word not in ("Salle", "Jour")),
                    )
    made.multi_cell(0, 8, "Les prix sont votés chaque année par le conseil.", new_x="LMARGIN", new_y="NEXT")

    assert blocks(read(made), BlockKind.TABLE) == expected


@pytest.mark.parametrize("larger", [0, 4])
def test_the_outline_of_a_file_tells_its_titles(larger: int) -> None:
    made = plain()
    made.set_font("helvetica", size=11 + larger)
    if larger:  # the title of the document, which the outline leaves out
        made.multi_cell(0, 8, "Le guide du commerce", new_x="LMARGIN", new_y="NEXT", align="L")
    made.set_font("helvetica", size=11)
    made.start_section("Le marché de la commune")
    made.multi_cell(0, 6, "Le marché de la commune", new_x="LMARGIN", new_y="NEXT", align="L")
    for title in ("Déposer un dossier au guichet", "Prévenir le placier en cas d'absence ou de retard"):
        made.start_section(title, level=1)
        made.multi_cell(0, 6, f"{title}\n{SENTENCE * 2}", new_x="LMARGIN", new_y="NEXT", align="L")

    reading = read(made)
    found = [(b.level, b.of(reading.text)) for b in reading.blocks if b.kind is BlockKind.HEADING]

    top = [(1, "Le guide du commerce")] if larger else []
    assert found == [
        *top,
        (1 + len(top), "Le marché de la commune"),
        (2 + len(top), "Déposer un dossier au guichet"),
        (2 + len(top), "Prévenir le placier en cas d'absence ou de retard"),
    ]


def test_the_themes_of_a_table_of_questions_are_titles() -> None:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=11)
    with made.table(col_widths=(25, 60, 60)) as table:
        for cells in (
            ("Thème", "Question", "Réponse"),
            ("Voirie", "Qui sale ?", "Le maire."),
            ("Eau", "Quel prix ?", "Dix euros."),
        ):
            row = table.row()
            for cell in cells:
                row.cell(cell)

    found = [
        (e.heading_text, [s.of(e.document.text) for s in e.passages[0].section]) for e in split(document(read(made)))
    ]

    assert found == [("Qui sale ?", ["Voirie"]), ("Quel prix ?", ["Eau"])]
