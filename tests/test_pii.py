"""What identifies a person never reaches the journal; what law is made of does."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.pii import CARD, EMAIL, IBAN, NIR, PHONE, mask


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        # --- e-mail
        ("écrivez à jean.dupont@mairie-montbrun.fr merci", f"écrivez à {EMAIL} merci"),
        ("Jean.Dupont+elu@sous.domaine.gouv.fr", EMAIL),
        ("hélène@mairie.fr,paul@mairie.fr", f"{EMAIL},{EMAIL}"),
        ("jean @ mairie.fr", EMAIL),
        ("jean(arobase)mairie [point] fr", EMAIL),
        # --- telephone
        ("06 12 34 56 78", PHONE),
        ("tél.0612345678.", f"tél.{PHONE}."),
        ("06.12-34/56 78", PHONE),
        ("06 - 12 - 34 - 56 - 78", PHONE),
        ("06\u00a012\u202f34 56 78", PHONE),
        ("06\u200b12345678", PHONE),
        ("０６１２３４５６７８", PHONE),
        ("0612 345 678", PHONE),
        ("+33612345678", PHONE),
        ("+33 (0)6 12 34 56 78", PHONE),
        ("0033 6 12 34 56 78", PHONE),
        ("(0)1 40 00 00 00", PHONE),
        ("+262 692 12 34 56", PHONE),
        ("mon 04 75 00 00 00 et 0 800 123 456", f"mon {PHONE} et {PHONE}"),
        # --- NIR: 97 - 1850578006084 % 97 = 91; Corsica 2A counts as 19: 97 - 2690519049588 % 97 = 42
        ("1850578006084", NIR),
        ("1 85 05 78 006 084", NIR),
        ("1 85 05 78 006 084 91", NIR),
        ("185057800608491", NIR),
        ("mon numéro : 2 69 05 2A 049 588 42.", f"mon numéro : {NIR}."),
        ("269052b049588", NIR),
        ("1 85 05 78 006 084 92", NIR),  # a wrong key, but written as nothing else is
        # --- IBAN (the registry's own example for France, and one of Belgium)
        ("FR14 2004 1010 0505 0001 3M02 606", IBAN),
        ("fr1420041010050500013m02606", IBAN),
        ("BE68 5390 0754 7034 et après", f"{IBAN} et après"),
        ("FR14-2004-1010-0505-0001-3M02-606", IBAN),
        # --- cards: test numbers of the networks
        ("4111 1111 1111 1111", CARD),
        ("5555555555554444", CARD),
        ("3782 822463 10005", CARD),
    ],
)
def test_what_identifies_a_person_is_masked(written: str, kept: str) -> None:
    assert mask(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        "Que dit la circulaire n° 6231/SG du 20 novembre 2020 ?",
        "article L. 5211-10 du CGCT et article R2121-7",
        "loi n° 82-213 du 2 mars 1982, JORF n°0102 du 27 avril 2021",
        "LEGIARTI000006419280 JORFTEXT000042737977 NOR : INTB2031735C",
        "le 01/02/2020 10 h, du 01.02.2020 au 12.03.2021",
        "un montant de 1 500 000 € ou 12 012 345 678 euros, 0,25 % et 100 000 000 000 F",
        "SIREN 552 100 554, SIRET 552 100 554 00013",
        "code postal 26000, 2021-2027, 14h30, page 12",
        "185057800608492",  # 15 digits in a row with a wrong key: some other number
        "FR1420041010050500013M02607",  # wrong key
        "FR40 303 265 045",  # a VAT number
        "CO2 de 2020 à 2021 dans 12 communes",
        "4111 1111 1111 1112",
        "le @ de mon adresse",
    ],
)
def test_law_dates_and_amounts_are_left_alone(written: str) -> None:
    assert mask(written) == written


def test_spaces_and_invisible_characters_become_plain() -> None:
    assert mask("a\x00b\n c\u00a0\u202f d\ud800 e\u200d\u202ef") == "a b c d? ef"


@given(st.text(alphabet="0123456789 .-/+()@abFR2A\u00a0", max_size=300))
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text)

    assert mask(once) == once


@pytest.mark.parametrize("char", ["0", "a", "FR14", "1 ", "a.", "+33 "])
def test_long_inputs_take_no_time(char: str) -> None:
    begun = time.process_time()
    mask(char * (2_000 // len(char)))

    assert time.process_time() - begun < 2
