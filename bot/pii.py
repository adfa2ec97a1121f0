"""What identifies a person, masked before a question is written: addresses, telephones, NIR, IBAN, bank cards.

Not masked: names, and what law and money are made of (articles, dates, amounts, references). A SIREN
or a SIRET is public and names an organisation: it stays, unless it also reads as one of the above.
"""

import re
import unicodedata

EMAIL = "[adresse électronique]"
PHONE = "[téléphone]"
NIR = "[numéro de sécurité sociale]"
IBAN = "[IBAN]"
CARD = "[carte bancaire]"

_SEPARATORS = r"[\s./_‐‑‒–—−-]{0,3}"
"""What people put between digits; at most three, as in « 06 - 12 »."""

_EMAIL = re.compile(
    r"""(?<![\w.+%'-]) [\w.+%'-]+                                       # jean.dupont
        (?: \s?@\s? | \s?[(\[{]\s?(?:@|at|chez|arobase|arobas)\s?[)\]}]\s? ) # @, « [at] »
        [\w-]+ (?: \s?[(\[{]\s?(?:dot|point)\s?[)\]}]\s?[\w-]+ | \.[\w-]+ )+  # mairie.fr
    """,
    re.VERBOSE | re.IGNORECASE,
)

_PHONE = re.compile(
    rf"""(?<!\d)
         (?! \d\d[\s./-]\d\d[\s./-](?:19|20)\d\d(?!\d) )               # a date and what follows it
         (?: (?:\+|00){_SEPARATORS}[1-9]\d{{0,2}}{_SEPARATORS}(?:\(0\){_SEPARATORS})?\d (?:{_SEPARATORS}\d){{7,11}}
           | \(?0\)?{_SEPARATORS}[1-9] (?:{_SEPARATORS}\d){{8}} )
         (?!\d)""",
    re.VERBOSE,
)
"""International numbers, and the ten digits of a national one whatever their grouping."""

_NIR = re.compile(
    r"""(?<!\d) [1-478] S \d\d S (?:0[1-9]|1[0-2]|[2-3]\d|4[0-2]|[5-9]\d)        # sex, year, month
        S (?:\d\d|2[ABab]) S \d{3} S \d{3} (?: S (?P<key>\d\d) )? (?! S \d )""".replace("S", r"[\s./-]?"),
    re.VERBOSE,
)
_NIR_GROUPED = re.compile(r"\d[\s./-]\d\d[\s./-]\d\d[\s./-]\w\w[\s./-]\d{3}[\s./-]\d{3}[\s./-]\d\d")

_IBAN_START = re.compile(r"(?<![^\W_])[A-Za-z]{2}\d{2}")
_IBAN_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 "
        "EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 "
        "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 "
        "RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20",
    )
}
"""Characters of an IBAN by country: SWIFT's IBAN registry."""

_CARD = re.compile(r"(?<!\d)(?:[2-6]\d{3}(?:[\s.-]?\d{4}){3}|3[47]\d{2}[\s.-]?\d{6}[\s.-]?\d{5})(?![\s.-]?\d)")


def mask(text: str) -> str:
    """The text, in one line's plain spaces, with what identifies a person replaced by what it was.

    >>> mask("Je suis au 06.12.34.56.78 ou jean@mairie.fr")
    'Je suis au [téléphone] ou [adresse électronique]'
    """
    text = _EMAIL.sub(EMAIL, _plain(text))
    text = _mask_ibans(text)
    text = _NIR.sub(lambda found: NIR if _is_nir(found) else found[0], text)
    text = _CARD.sub(lambda found: CARD if _is_luhn(found[0]) else found[0], text)
    return _PHONE.sub(PHONE, text)


def _plain(text: str) -> str:
    """One writing for each character: invisible ones could split a number in two."""
    text = unicodedata.normalize("NFKC", text.encode("utf-8", "replace").decode())
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    return " ".join("".join(" " if unicodedata.category(char) == "Cc" else char for char in text).split())


def _is_nir(found: re.Match[str]) -> bool:
    """Thirteen digits are one by their form, fifteen by their key or by their usual spaces."""
    if found["key"] is None or _NIR_GROUPED.fullmatch(found[0]):
        return True
    digits = re.sub(r"[\s./-]", "", found[0]).upper()
    number = int(digits[:13].replace("2A", "19").replace("2B", "18"))
    return int(digits[13:]) == 97 - number % 97


def _mask_ibans(text: str) -> str:
    at, pieces = 0, []
    for found in _IBAN_START.finditer(text):
        end = _iban_end(text, found.start())
        if end is None or found.start() < at:
            continue
        pieces += [text[at : found.start()], IBAN]
        at = end
    return "".join([*pieces, text[at:]])


def _iban_end(text: str, start: int) -> int | None:
    """Where the IBAN that starts here ends, None when there is none: length of its country, key modulo 97."""
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper(), 0)
    found = re.compile(rf"[^\W_](?:[ .-]?[^\W_]){{{length - 1}}}(?![^\W_])").match(text, start) if length else None
    if found is None:
        return None
    number = re.sub(r"[ .-]", "", found[0]).upper()
    if not number.isascii():
        return None
    return found.end() if int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1 else None


def _is_luhn(number: str) -> bool:
    digits = [int(char) for char in number if char.isdigit()][::-1]
    return sum(digits[::2]) % 10 == -sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2]) % 10
