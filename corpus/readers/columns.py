"""Append tables to a text: as questions where columns hold questions and answers, else row by row."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from corpus.document import Block, BlockKind, Span, StructuredText
from corpus.errors import typeset
from corpus.layout.lines import asks, is_terminal, starts_low
from corpus.layout.list_markers import markers
from corpus.readers.builder import Builder, TextRun

Cells = list[StructuredText]
"""One row. A cell that spans several rows is the same object in each; the places it covers to its right are empty."""
Texts = Sequence[str]
"""The words of the cells of one row."""
HIGHEST_HEADER = 20
"""Titles, dates and authors above the names of the columns take fewer rows."""
_LONGEST_NAME = 80
_ANSWER = 1
_ARTICLE = r"(?:l[ae] |les |l'|une? |des |vo(?:tre|s) |no(?:tre|s) )?"
# For each role, names without accents, the surest first.
_NAMES = (
    (
        rf"{_ARTICLE}questions?|q",
        rf"{_ARTICLE}(?:questions?|faq)[- /(].*",
        r"(?:intitule|libelle|texte|enonce|objet)s? (?:de |des )(?:la |l')?(?:question|demande)s?\b.*",
        rf"{_ARTICLE}(?:interrogation|demande)s?(?: (?:de|du|des)\b.*)?|vous (?:vous )?demandez.*",
        r"(?:sujet|titre|intitule|objet|libelle|name)s?",
    ),
    (
        rf"{_ARTICLE}(?:reponse|answer)s?|r",
        rf"{_ARTICLE}(?:reponse|answer)s?[- /(].*",
        r"(?:texte|contenu|element|proposition|projet|libelle)s? (?:de |des )(?:la )?reponses?\b.*",
        r"nous (?:vous )?repondons.*",
    ),
    (
        r"id",
        r"identifiants?",
        r"(?:n ?[°o]|num|numeros?)\.?(?: (?:de )?(?:la )?(?:question|ligne|ordre|fiche))?",
        "code|ref",
    ),
    (r"themes?|thematiques?", r"(?:rubrique|categorie|sujet|domaine|chapitre|famille|sous-theme)s?"),
)
_PATTERNS = tuple(tuple(re.compile(name) for name in names) for names in _NAMES)
# Columns that say something to whoever asks; others (authors, remarks, drafts) may be meant for the office alone.
_PUBLIC = re.compile(
    r"(?:contact|service|adresse|telephone|tel|courriel|e?-?mail|lien|url|site|page web|delai|tarif|cout|prix|horaire"
    r"|lieu|date|mise a jour|maj|piece|document|reference|texte|source|base legale|public|condition|demarche|cas"
    r"|situation|profil|zone|secteur|quartier|montant|duree|periode)s?\b.*"
)
_IN_TURN = (re.compile(r"(?:questions?|q)[ n°o]*\d*"), re.compile(r"(?:reponses?|answers?|r)[ n°o]*\d*"))
_CELL = re.compile(r"(?:^|(?<=\t))[^\t]*")
# Of what stands beside a question, in a table without names of columns: fewer words answer nothing.
_FEWEST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each part of a question stands in a row."""

    question: int
    answers: tuple[int, ...]
    id: int | None = None
    theme: int | None = None
    kept: tuple[tuple[int, str], ...] = ()
    """Other columns whose cells are told with the answer, and their names."""
    left: tuple[str, ...] = ()
    """Names of those that are not."""


EMPTY = StructuredText("", ())
WIDEST = 60
"""Columns that a cell may span; Word has no more columns."""


def grid(rows: Iterable[Iterable[tuple[StructuredText, int, int]]]) -> list[list[StructuredText]]:
    """The places of a table, from its cells and the columns and rows that each spans."""
    places: list[list[StructuredText]] = []
    held: dict[int, tuple[StructuredText, int]] = {}
    """What the rows above put in a column, and for how many rows more."""
    for cells in rows:
        line: list[StructuredText] = []
        new: dict[int, tuple[StructuredText, int]] = {}
        for cell, columns, high in cells:
            while len(line) in held:
                line.append(held[len(line)][0])
            for covered in range(min(columns, WIDEST)):
                new[len(line)] = EMPTY if covered else cell, high
                line.append(EMPTY if covered else cell)
        while len(line) in held:
            line.append(held[len(line)][0])
        held = {column: (cell, high - 1) for column, (cell, high) in (held | new).items() if high > 1}
        places.append(line)
    return places


def add_table(
    builder: Builder, rows: Sequence[Cells], numbers: Sequence[int] = (), where: str = "un tableau, "
) -> None:
    """Append a table; ``numbers`` of the rows, and ``where`` they are, tell an editor which row has no answer."""
    rows = arranged(rows)
    texts = [[" ".join(cell.text.split()) for cell in row] for row in rows]
    found = find_columns(texts)
    if found is None and any(_has_parts(cell) for row in rows for cell in row):  # it only lays out a page
        laid = {id(cell): cell for row in rows for cell in row}
        builder.add_cells(list(laid.values()), heads=True)
        return
    if found is None:
        _add_rows(builder, rows)
        return
    first, columns = found
    for words in texts[: max(first - 1, 0)]:
        title = " ".join(filter(None, words))
        head = sum(map(bool, words)) == 1 and not is_terminal(title)
        builder.add(
            [TextRun(title)], *((BlockKind.HEADING, builder.heading_level + 1) if head else (BlockKind.PARAGRAPH,))
        )
    table = _QuestionTable(builder, columns, where, builder.heading_level + 1)
    for index in range(first, len(rows)):
        if any(texts[index]) and not (first and texts[index] == texts[first - 1]):
            table.add(rows[index], texts[index], numbers[index] if numbers else index + 1)
    if table.count:
        builder.end_answer()
    if columns.left:
        names = ", ".join(f"« {name} »" for name in columns.left)
        builder.unread.append(typeset(f"{where}colonnes laissées de côté : {names}."))


def _add_rows(builder: Builder, rows: Sequence[Cells]) -> None:
    """Append rows under their header, which may be of two rows; one that is repeated stands once."""
    widest = max((at + 1 for row in rows for at, cell in enumerate(row) if cell is not EMPTY), default=0)
    rows = [[*row, *[EMPTY] * (widest - len(row))][:widest] for row in rows]
    if widest > 1 and all(cell is EMPTY for cell in rows[0][1:]):  # a title over the whole
        builder.add_cells(rows[0][:1], heads=True)
        rows = rows[1:]
    notes = list(takewhile(_is_note, rows[:0:-1]))
    rows = rows[: len(rows) - len(notes)]
    header = [cell.text for cell in rows[0]] if rows else []
    second = rows[1] if len(rows) > 2 and any(cell is EMPTY for cell in rows[0]) else []
    first = 1
    shared = any(below is cell is not EMPTY for cell, below in zip(rows[0], second, strict=False))
    if len(second) == len(header) > 0 and (shared or not second[0].text):
        above, first = rows[0][0], 2
        for column, (cell, below) in enumerate(zip(rows[0], second, strict=True)):
            above = above if cell is EMPTY else cell
            header[column] = above.text if below is above else f"{above.text} {below.text}".strip()
    builder.add_row(header)
    for row in rows[first:]:
        if [cell.text for cell in row] != [cell.text for cell in rows[0]]:
            builder.add_row([cell.text for cell in row])
    for row in reversed(notes):
        builder.add_cells(row[:1])


def _is_note(row: Cells) -> bool:
    """A sentence below the last row of a table, over all of its columns."""
    return len(row) > 1 and row[0].text.endswith(".") and not any(cell.text for cell in row[1:])


@dataclass(slots=True)
class _QuestionTable:
    """Appends the rows below the names of the columns."""

    builder: Builder
    columns: Columns
    where: str
    level: int
    """Of the headings that name a theme."""
    theme: str = ""
    asked: StructuredText | None = None
    """The cell of the last question that was read."""
    count: int = 0
    """Of the questions that were read."""
    ids: dict[str, int] = field(default_factory=dict)
    """The rows where they are."""

    def add(self, row: Cells, words: Texts, number: int) -> None:
        """Append a question, more of the answer above, or a theme that fills a row of its own."""
        question = _at(row, self.columns.question)
        answer = [cell for column in self.columns.answers if (cell := _at(row, column)).text]
        alone = [text for text in words if text] if not answer else []
        if len(alone) == 1 and not asks(alone[0]):
            self._enter(alone[0])
        elif self.asked and (question is self.asked or sum(map(bool, words)) == len(answer)):
            self.builder.add_cells(answer)
            self._keep(words)
        elif question.text and answer:
            self._enter(_words(words, self.columns.theme))
            key = _words(words, self.columns.id)
            if key and (first := self.ids.setdefault(key, number)) != number:
                self._report(number, f"l’id « {key} » est déjà celui de la ligne {first}")
            self.builder.add_question(question.text, key or None, answer)
            self._keep(words)
            self.asked, self.count = question, self.count + 1
        else:
            empty = "réponse" if question.text else "question"
            self._report(number, f"la colonne « {empty} » est vide ; cette ligne n’est pas lue")
            self.asked = None

    def _enter(self, theme: str) -> None:
        """Go on under a theme; rows that name none are of the one above."""
        if theme and theme != self.theme:
            self.builder.add([TextRun(theme)], BlockKind.HEADING, self.level)
            self.theme, self.asked = theme, None

    def _keep(self, words: Texts) -> None:
        """Tell the other columns that are for the public."""
        for column, name in self.columns.kept:
            if told := _words(words, column):
                self.builder.add_row([name, told])

    def _report(self, number: int, problem: str) -> None:
        self.builder.unread.append(typeset(f"{self.where}ligne {number} : {problem}."))


def arranged(rows: Sequence[Cells]) -> Sequence[Cells]:
    """The rows, each question beside its answer where they stand one above the other.

    Either the rows are questions and answers in turn, and say so, or questions head columns of one answer.
    """
    pairs: list[Cells] = []
    if len(rows) == 2 and len(rows[0]) > 1 and all(asks(cell.text) for cell in rows[0]):
        pairs = [[cell, _at(rows[1], column)] for column, cell in enumerate(rows[0])]
    elif len(rows) > 1 and all(cells := [_in_turn(row, at % 2) for at, row in enumerate(rows)]):
        found = zip(cells[::2], cells[1::2], strict=False)
        pairs = [[asked, said] for asked, said in found if asked and said]
    return [[StructuredText(name, ()) for name in ("Question", "Réponse")], *pairs] if pairs else rows


def _in_turn(row: Cells, said: int) -> StructuredText | None:
    """What a row of two cells asks or says, the first cell being a label; a question may fill the row."""
    if len(row) != 2:
        return None
    if _IN_TURN[said].fullmatch(fold(row[0].text)):
        return row[1]
    return row[0] if not said and asks(row[0].text) and not row[1].text else None


def _has_parts(cell: StructuredText) -> bool:
    """Whether a cell holds titles above text, or a table."""
    heads = any(block.kind in (BlockKind.HEADING, BlockKind.QUESTION) for block in cell.blocks[:-1])
    return heads or any(block.kind is BlockKind.TABLE for block in cell.blocks)


def _at(row: Cells, column: int) -> StructuredText:
    return row[column] if column < len(row) else EMPTY


def _words(words: Texts, column: int | None) -> str:
    return words[column] if column is not None and column < len(words) else ""


def named_columns(names: Texts) -> tuple[tuple[int, ...], ...]:
    """For questions, answers, identifiers and themes, the columns whose names tell them most surely."""
    folded = [fold(name) if len(name) <= _LONGEST_NAME else "" for name in names]
    return tuple(
        next(
            (
                found
                for pattern in patterns
                if (found := tuple(i for i, name in enumerate(folded) if pattern.fullmatch(name)))
            ),
            (),
        )
        for patterns in _PATTERNS
    )


def columns(names: Texts) -> Columns | None:
    """What a row of names tells; None where it names no question or no answer."""
    questions, answers, ids, themes = named_columns(names)
    if not questions or not answers:
        return None
    if _PATTERNS[_ANSWER][0].fullmatch(fold(names[answers[0]])):
        answers = answers[:1]  # the others are in other languages
    id_, theme = (next((place for place in found if place != questions[0]), None) for found in (ids, themes))
    told = {questions[0], *named_columns(names)[_ANSWER], id_, theme}
    others = [(place, name) for place, name in enumerate(names) if name and place not in told and place not in answers]
    public = tuple((place, name) for place, name in others if _PUBLIC.fullmatch(fold(name)))
    left = tuple(name for place, name in others if (place, name) not in public)
    return Columns(questions[0], answers, id_, theme, public, left)


def find_columns(rows: Sequence[Texts]) -> tuple[int, Columns] | None:
    """The columns of a table of questions, and its first row below their names; None for another table."""
    for index, names in enumerate(rows[:HIGHEST_HEADER]):
        if found := columns(names):
            return index + 1, found
    return _asking(rows)


def _asking(rows: Sequence[Texts]) -> tuple[int, Columns] | None:
    """A column where every cell asks, but the name above, and beside it one that says something."""
    for column in range(max(map(len, rows), default=0) - 1):
        cells = [
            (index, row[column])
            for index, row in enumerate(rows)
            if len(row) > column + 1 and row[column] and sum(map(bool, row)) > 1  # alone: a theme
        ]
        first = 1 if cells and not asks(cells[0][1]) else 0
        asked = [index for index, text in cells if asks(text)]
        if len(asked) < max(1, len(cells) - first) and 3 * len(asked) >= 2 * len(cells):
            first = 0  # names among questions
        elif len(asked) < max(1, len(cells) - first) or len(cells) < 2:
            continue
        answers = [rows[index][column + 1] for index in asked]
        said = [text for text in answers if _says(text, alone=len(asked) == 1)]
        if 2 * len(said) > len(answers):
            return (cells[0][0] + 1 if first else 0), Columns(column, (column + 1,))
    return None


def _says(text: str, *, alone: bool) -> bool:
    """Whether a cell beside a question may answer it: "Oui." beside one of several."""
    return not asks(text) and (len(text.split()) >= _FEWEST_WORDS or (is_terminal(text) and not alone))


def fold(text: str) -> str:
    """Without case, accents, line breaks and what stands around: "Réponse* " is "reponse"."""
    decomposed = unicodedata.normalize("NFKD", text.replace("’", "'").replace("_", " ").casefold())
    return " ".join("".join(c for c in decomposed if not unicodedata.combining(c)).split()).strip(' ":*.?')


# Rows of a text


def question_rows(text: str, rows: Sequence[Block], above: Sequence[Block] = ()) -> list[Block]:
    """The questions and answers that the rows of a text are, where tabs part their cells; empty for other tables."""
    table = [[Span(row.start + m.start(), row.start + m.end()) for m in _CELL.finditer(row.of(text))] for row in rows]
    found = find_columns([[cell.of(text) for cell in cells] for cells in table])
    if found is None:
        return []
    first, places = found
    blocks: list[Block] = []
    theme, level = "", 1 + max((block.level for block in above if block.kind is BlockKind.HEADING), default=0)
    for cells in table[first:]:
        words = [cell.of(text) for cell in cells]
        if len(list(filter(None, words))) == 1 and words[0] and not (is_terminal(words[0]) or starts_low(words[0])):
            theme = words[0]
            blocks.append(Block(cells[0].start, cells[0].end, BlockKind.HEADING, level))
            continue
        if len(cells) <= max(places.question, *places.answers) or not cells[places.question].of(text):
            blocks += [block for cell in cells for block in _cell_lines(text, cell)]  # goes on with the answer above
            continue
        own = cells[places.theme] if places.theme is not None else Span(0, 0)
        if own.of(text) not in ("", theme):
            theme = own.of(text)
            blocks.append(Block(own.start, own.end, BlockKind.HEADING, level))
        question = cells[places.question]
        blocks.append(Block(question.start, question.end, BlockKind.QUESTION))
        told = sorted(
            {*places.answers, *(column for column, _ in places.kept if places.question < column < len(cells))}
        )
        blocks += [block for column in told for block in _cell_lines(text, cells[column])]
    for last in [at for at, block in enumerate(blocks) if block.kind is BlockKind.QUESTION][-1:]:
        blocks[last] = replace(blocks[last], answered=rows[-1].end)
    return blocks


def _cell_lines(text: str, cell: Span) -> Iterator[Block]:
    """The lines of a cell, those with a bullet as items."""
    for match in re.finditer(r"[^\n]+", cell.of(text)):
        bulleted = any(marker.style == "bullet" for marker in markers(match.group()))
        kind, level = (BlockKind.ITEM, 1) if bulleted else (BlockKind.PARAGRAPH, 0)
        yield Block(cell.start + match.start(), cell.start + match.end(), kind, level)
