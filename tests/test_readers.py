"""The builder of texts; plain text, Markdown, HTML; files of any format that cannot be read."""

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seed_files import ANSWER, odt, saved, word
from test_office import told

from corpus.document import BlockKind, StructuredText
from corpus.errors import UnreadableDocumentError
from corpus.readers.builder import Builder, TextRun
from corpus.readers.docx import read_docx
from corpus.readers.formats import ReadFunction
from corpus.readers.html import read_html
from corpus.readers.opendocument import read_odt
from corpus.readers.table import read_csv, read_xlsx
from corpus.readers.text import read_markdown, read_text

H, Q, P, ITEM, TABLE = BlockKind


CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
TURNING = [0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
"""Marks that set the direction of writing."""
PRIVATE = range(0xE000, 0xF900)
"""Bullets and icons of one font."""


def blocks(reading: StructuredText) -> list[tuple[BlockKind, int, str]]:
    return [(block.kind, block.level, reading.text[block.start : block.end]) for block in reading.blocks]


# Builder


@given(st.lists(st.tuples(st.lists(st.builds(TextRun, st.text(), st.booleans())), st.sampled_from(BlockKind))))
def test_blocks_cover_the_text_in_order_and_no_word_is_changed(added: list[tuple[list[TextRun], BlockKind]]) -> None:
    builder = Builder()
    for runs, kind in added:
        builder.add(runs, kind, level=1)
    reading = builder.reading()

    outside = reading.text
    for block in reversed(reading.blocks):
        assert reading.text[block.start : block.end].strip() == reading.text[block.start : block.end] != ""
        outside = outside[: block.start] + outside[block.end :]
    assert not outside.strip()
    given_text = "".join(run.text for runs, _ in added for run in runs)
    invisible = dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF, *TURNING, *PRIVATE]) | dict.fromkeys(CONTROLS, " ")
    assert "".join(reading.text.split()) == "".join(given_text.translate(invisible).split())


def test_what_turns_the_writing_or_commands_a_terminal_is_left_out() -> None:
    builder = Builder()
    builder.add([TextRun("Le \u202erutcerid\u202c sig\u2066ne\u2069.\x1b[31m Rouge\x07\x9b fin\x00.")], P)

    assert builder.reading().text == "Le rutcerid signe. [31m Rouge fin ."


def test_a_broken_line_is_mended_and_a_typed_bullet_is_an_item() -> None:
    builder = Builder()
    builder.add([TextRun("Deux cas sont\nprévus :\n- le contrat est\nsigné ;\n- il ne l’est pas.")], P)
    builder.add([TextRun("12, rue du Port\n59000 Lille")], P)

    assert blocks(builder.reading()) == [
        (P, 0, "Deux cas sont prévus :"),
        (ITEM, 1, "- le contrat est signé ;"),
        (ITEM, 1, "- il ne l’est pas."),
        (P, 0, "12, rue du Port\n59000 Lille"),
    ]
    assert builder.reading().text.startswith("Deux cas sont prévus :\n- le contrat est signé ;\n- il")


# Markdown


MARKDOWN = """\
---
title: réglages du site
---
# Foire *aux* questions

## Qui **paie** ?

L’État `paie`, selon [la circulaire](https://a.fr/c) et
<https://b.fr/d>. <!-- caché -->

1. un
   - sous-point

     suite du sous-point
2. deux

**Et après ?**

| Catégorie | Jours |
|-----------|-------|
| A         | **25** |

<details>
<summary>Peut-on modifier ?</summary>

Oui, par *avenant*.

</details>
"""


def test_markdown_loses_its_marks_and_keeps_its_structure() -> None:
    reading = read_markdown(MARKDOWN.encode(), "faq.md")

    assert blocks(reading) == [
        (H, 1, "Foire aux questions"),
        (H, 2, "Qui paie ?"),
        (P, 0, "L’État paie, selon la circulaire et https://b.fr/d."),
        (ITEM, 1, "1. un"),
        (ITEM, 2, "sous-point suite du sous-point"),
        (ITEM, 1, "2. deux"),
        (H, 2, "Et après ?"),
        (TABLE, 0, "Catégorie\tJours"),
        (TABLE, 0, "A\t25"),
        (Q, 0, "Peut-on modifier ?"),
        (P, 0, "Oui, par avenant."),
    ]


TEXT = [(Q, "Quand déposer la demande ?"), (P, "Un mois avant."), (Q, "Combien coûte-t-elle ?"), (P, "Dix euros.")]
"""What each page below says, whatever else it holds."""


@pytest.mark.parametrize(
    "page",
    [
        "??? {0}\n\n{1}\n???\n\n??? {2}\n\n{3}\n???\n",
        '??? question "{0}"\n    {1}\n\n???+ note "{2}"\n\n    {3}\n',
        ":::details {0}\n\n{1}\n\n:::\n\n::: details {2}\n{3}\n:::\n",
        "{0}\n: {1}\n\n{2}\n: {3}\n",
        "- **{0}** {1}\n- **{2}** {3}\n",
        "> [!question]- {0}\n> {1}\n\n> [!faq] {2}\n> {3}\n",
        "**{0}**  \n{1}\n\n__{2}__\n{3}\n",
        "| Question | Réponse |\n|---|---|\n| {0} | {1} |\n| {2} | {3} |\n",
        "---\nquestion: >-\n  Quand déposer\n  la demande ?\ntitle: x\n---\n{1}\n## {2}\n{3}\n",
        '+++\ntitle = "{0}"\n+++\n{1}\n\n## {2} {{#prix}}\n{{: .question }}\n{3}\n',
        "# {0}\n{{% hint %}}\n> [!NOTE]\n> {1}\n{{% endhint %}}\n[TOC]\n\n## {2}[^1]\n{3}\n\n{{{{ x }}}}\n\n[^1]: N.",
        "# {0}\n:::info\n{1}\n:::\n## {2}\n!!! note\n    {3}\n",
        "- *{0}*\n  {1}\n- *{2}*\n  {3}\n",
        '=== "{0}"\n    {1}\n\n=== "{2}"\n    {3}\n',
        '<Tabs>\n<TabItem value="a" label="{0}">\n{1}\n</TabItem>\n<TabItem label="{2}">\n{3}\n</TabItem>\n</Tabs>\n',
        '{{% tab title="{0}" %}}\n{1}\n{{% endtab %}}\n\n{{{{< tab "{2}" >}}}}\n{3}\n{{{{< /tab >}}}}\n',
        "#voirie #faq\n## {0} ^a\n%%à revoir%%\n=={1}==\n## [[Prix|{2}]]\n{3} ![[plan.png]]\n",
        ':::faq{{title="{0}"}}\n{1}\n:::\n\n:::details{{open label="{2}"}}\n{3}\n:::\n',
        '{{{{< faq >}}}}\n{{{{< faq-item question="{0}" >}}}}\n{1}\n{{{{< /faq-item >}}}}\n{{{{< /faq >}}}}\n'
        "{{{{% expand title='{2}' %}}}}\n{3}\n{{{{% /expand %}}}}\n",
        "{{% details {0} %}}\n{1}\n{{% enddetails %}}\n\n- [Une](#une)\n- [Deux](deux.md)\n\n## {2}\n{3}\n",
        '<Accordion title="{0}">\n{1}\n</Accordion>\n\n{{% details "{2}" %}}\n{3}\n{{% enddetails %}}\n',
        "---\ntitle: {0}\n---\n## {0}\n::video[Vidéo]{{id=1}}\n{1}\n\n:::fr-accordion[### {2}]{{id=a}}\n\n{3}\n:::\n",
    ],
)
def test_markdown_of_site_generators_shows_its_questions_and_no_mark(page: str) -> None:
    reading = read_markdown(page.format(*(text for _, text in TEXT)).encode(), "faq.md")

    assert [(Q if kind is H else kind, text) for kind, _, text in blocks(reading)] == TEXT


def test_the_questions_in_bold_of_a_list_that_an_answer_leads_to_are_of_the_answer() -> None:
    page = "# FAQ\n## Qui ?\nDeux cas :\n\n1. **Moins de trois ans ?** Un bilan.\n2. **Plus ?** Deux bilans.\n"
    after = "## Matériel\nOn prête :\n\n- **Quoi ?** Des bancs.\n- **Et qui ?** La ville.\n"

    assert told(read_markdown((page + after).encode(), "faq.md")) == [
        "FAQ › Qui ? → Deux cas : / 1. Moins de trois ans ? Un bilan. / 2. Plus ? Deux bilans.",
        "FAQ › Matériel → On prête :",
        "FAQ › Matériel › Quoi ? → Des bancs.",
        "FAQ › Matériel › Et qui ? → La ville.",
    ]


def test_the_panes_of_a_page_have_their_names_and_its_boxes_no_mark() -> None:
    panes = '# Aide\n{% tab title="Bourg" %}\n- [x] un plan\n{% endtab %}\n=== "Hameaux"\n    Rien.\n\n'
    reference = '{% content-ref url="a.md" %}\n[a.md](a.md)\n{% endcontent-ref %}\n'

    assert told(read_markdown(f"{panes}{reference}".encode(), "aide.md")) == [
        "Aide › Bourg → un plan",
        "Aide › Hameaux → Rien.",
    ]


def test_the_toggles_and_callouts_of_notion_are_text() -> None:
    boxes = "<aside>\n    💡 Ici.\n\n    </aside>", '<Aside type="tip">Demain.</Aside>'
    page = "- Qui sale ?\n\n    Nous.\n\n- Où ?\n\n    {}\n\n- Quand ?\n\n    {}\n".format(*boxes)

    assert told(read_markdown(page.encode(), "faq.md")) == ["Qui sale ? → Nous.", "Où ? → 💡 Ici.", "Quand ? → Demain."]


# HTML


PAGE = """\
<html><head><title>Site</title><style>p {}</style></head><body>
<header><p>Bandeau</p></header><nav><ul><li>Menu</li></ul></nav>
<form id="page"><main>
  <header><h1>Foire aux
    questions</h1></header>
  <p>Un <b>mot</b>, un <a href="https://a.fr/x"><i>li</i>en</a>, un <a href="/ici">autre</a>,
     <a href="javascript:x()">un piège</a>.<!-- caché --></p>
  <p hidden>caché</p><p style="display: none">caché</p><p aria-hidden="true">caché</p><script>x()</script>
  <h2><button aria-controls="un">Qui paie&nbsp;?</button></h2>
  <div id="un" hidden>
    <ul><li><p>L’État ;</p><p>toujours.</p><ol><li>oui</li></ol></li><li>la Région</li></ul>
    <button>Imprimer</button>
  </div>
  <details><summary><h3>Et l’Europe ?</h3></summary>Parfois.<br>Voir plus loin.</details>
  <dl><dt>Et la commune ?</dt><dd>Jamais.</dd></dl>
  <table><tr><th>Qui</th><th>Quoi</th></tr><tr><td><p>un</p><p>deux</p></td><td>trois</td></tr></table>
  <table><tr><td>Mise en page</td></tr></table>
  <form><label>Votre avis</label><input></form><aside>Publicité</aside>
</main></form><footer>Mentions légales</footer></body></html>
"""


def test_html_keeps_the_main_content_only() -> None:
    reading = read_html(PAGE.encode(), "page.html")

    assert blocks(reading) == [
        (H, 1, "Foire aux questions"),
        (P, 0, "Un mot, un lien, un autre, un piège."),
        (Q, 2, "Qui paie\u00a0?"),
        (ITEM, 1, "L’État ;\ntoujours."),
        (ITEM, 2, "1. oui"),
        (ITEM, 1, "la Région"),
        (Q, 3, "Et l’Europe ?"),
        (P, 0, "Parfois.\nVoir plus loin."),
        (Q, 0, "Et la commune ?"),
        (P, 0, "Jamais."),
        (TABLE, 0, "Qui\tQuoi"),
        (TABLE, 0, "un\ndeux\ttrois"),
        (P, 0, "Mise en page"),
    ]


SURROUNDED = """\
<div id="consent"><p>Ce site utilise des cookies.</p><button>Tout accepter</button></div><div class="cookie-notice">
Ce site utilise des cookies. En poursuivant, vous les acceptez.</div><div class="breadcrumb">
<a href="/">Accueil</a> &gt; FAQ</div><div><a href="/a">Démarches</a> | <a href="/b">Culture</a></div><div class="main">
{0}</div><div class="social">Partagez</div><ul class="tags"><li><a href="/t">voirie</a></li></ul>
<a class="btn-doc" href="/d.pdf">Voir le dossier</a>
<ul class="pager"><li><a href="/p">Suivant</a></li></ul><ul><li><a href="/c">Plan du site</a></li></ul>
"""


@pytest.mark.parametrize(
    "part",
    [
        '<button class="accordion">{0}</button><div class="panel">{1}</div>',
        '<div class="q"><h3>{0}</h3><div class="a" hidden><p>{1}</p></div></div>',
        '<h3>{0} <span aria-hidden="true">+</span></h3><div style="display:none">{1}</div>',
        '<div role="button" aria-expanded="false">{0}</div><div aria-hidden="true">{1}</div>',
        '<div itemtype="https://schema.org/Question"><div itemprop="name">{0}</div><div>{1}</div></div>',
        "<dl><dt><b>{0}</b></dt><dd>{1}</dd></dl>",
        "<p><strong>{0}</strong><br>{1}</p>",
        "<p><b>Quand déposer</b> <b>la demande ?</b><br><br>{1}</p>",
        "<ul><li><strong>{0}</strong><p>{1} <s>Ou deux.</s></p></li></ul>",
        "<table><tr><th>Question</th><th>Réponse</th></tr><tr><td>{0}</td><td>{1}</td></tr></table>",
        '<div class="faq-question">{0}<i>+</i></div><div class="faq-answer" style="display: none">{1}</div>',
        '<div class="field-question">{0}</div><div class="field-reponse"><p>{1}</p></div>',
        '<strong class="schema-faq-question">{0}</strong> <p class="schema-faq-answer">{1}</p>',
        '<h3>{0} <span class="fr-badge">Nouveau</span></h3><div><p class="fr-tag">Voirie</p>{1}</div>'
        '<div class="pageSection"><h2>Attachments:</h2><a href="a.pdf">plan.pdf</a></div>',
        '<h3>{0}<span class="sr-only"> - déplier</span></h3><p>{1}</p><p class="visually-hidden">Fin</p>',
    ],
)
def test_html_shows_its_questions_and_nothing_that_surrounds_them(part: str) -> None:
    parts = "".join(part.format(*(text for _, text in pair)) for pair in (TEXT[:2], TEXT[2:]))
    reading = read_html(SURROUNDED.format(f"<h1>FAQ</h1>{parts}").encode(), "faq.html")

    found = [(Q if kind is H else kind, text) for kind, _, text in blocks(reading)]
    assert found == [(Q, "FAQ"), *TEXT] if "la demande" not in part else found[1:3] == TEXT[:2]


def test_a_tab_that_is_not_shown_is_text() -> None:
    page = "<main><h2>Inscription</h2><p>En mars.</p><div role=tabpanel hidden><h2>Dérogation</h2><p>En mai.</p></div>"

    assert "En mai." in read_html(page.encode(), "p.html").text


@pytest.mark.parametrize(
    "part",
    [
        '<h3><button aria-controls="a">{0}</button></h3><div id="a" hidden>{1}</div>',
        '<div class="panel-heading"><h3><a data-toggle="collapse" href="#b">{0}</a></h3></div><div id="b">{1}</div>',
        '<div class="faq"><p class="faq__title">{0}</p><div class="faq__body" style="display:none">{1}</div></div>',
        '<h3 class="et_pb_toggle_title">{0}</h3><div class="et_pb_toggle_content">{1}</div>',
        '<div class="vc_toggle_title"><h3>{0}</h3></div><div class="vc_toggle_content">{1}</div>',
        '<div class="kt-accordion-header-wrap"><button>{0}</button></div><div class="kt-accordion-panel">{1}</div>',
        '<ul><li><b class="collapsible-header">{0}</b><div class="collapsible-body">{1}</div></li></ul>',
        '<ul><li><button role="tab" aria-controls="c">{0}</button></li></ul><div id="c" role="tabpanel">{1}</div>',
        '<ul><li><a role="tab" href="#d">{0}</a></li></ul><div id="d" role="tabpanel" aria-hidden="true">{1}</div>',
        '<div role="tablist"><div id="t" class="toggle-title" role="tab" aria-controls="h"><a>{0}</a></div>'
        '<div id="h" class="toggle-content" role="tabpanel">{1}</div></div>',
        '<div class="toggle-item"><div role="button" aria-controls="e"><a>{0}</a></div><div id="e">{1}</div></div>',
        '<div class="panel"><h3 class="toggle"><a role="button" aria-controls="f" href="#f">{0}</a></h3>'
        '<div id="f"><div class="panel-body toggle-content">{1}</div></div></div><div class="panel"></div>',
        '<div class="expand-control"><span>{0}</span></div><div class="expand-content">{1}</div>',
        "<details><summary>{0}</summary>{1}</details>",
        "<dl><dt>{0}</dt><dd>{1}</dd></dl>",
    ],
)
def test_what_unfolds_is_a_title_with_its_text_and_what_stands_below_is_no_part_of_it(part: str) -> None:
    about = "<dl class=article-info><dt>Par</dt><dd>Léa</dd></dl>"
    head = f"<div><header><h2>Marché</h2></header></div>{about}<h3>Lieu</h3><p>Place de la Halle.</p>"
    end = "<p>Le marché est fermé en août.</p><h2>Articles similaires</h2><p>Le budget est voté.</p>"
    page = f"{head}{part.format('Dépôt', '<p>Un mois avant.</p>')}{end}"

    assert told(read_html(page.encode(), "page.html")) == [
        "Marché › Lieu → Place de la Halle.",
        f"Marché › {'' if '<h' in part else 'Lieu › '}Dépôt → Un mois avant.",
        f"Marché › {'' if '<h' in part else 'Lieu › '} → Le marché est fermé en août.",
    ]


STYLES = (
    "<style>.c1{color:#000;font-weight:700;font-size:11pt}.c2{font-size:11pt}.c3{text-decoration:line-through}</style>"
)
GOOGLE = (
    '<p class="c2 title">Marché</p><p><span class="c1">Dossier</span></p><p><span class="c2">Il est signé</span><sup>'
    '<a href="#ftnt1" id="ftnt_ref1">[1]</a></sup><span class="c2">.</span><span class="c3"> Barré.</span></p>'
    '<p><span class="c1">Tarif</span></p><p><span class="c2">Dix euros.</span></p><hr><div><p><a href="#ftnt_ref1" '
    'id="ftnt1">[1]</a> Sauf en mai.</p></div>'
)
LIBREOFFICE = (
    '<div title="header"><p>Ville</p></div><p class="title">Marché</p><p><b style="font-weight: normal">Bonjour à tous.'
    '</b></p><p><b>Dossier</b></p><p>Il est signé<a name="sdfootnote1anc" href="#sdfootnote1sym"><sup>1</sup></a>.</p>'
    '<div id="sdfootnote1"><p><a name="sdfootnote1sym" href="#sdfootnote1anc">1</a> Sauf en mai.</p></div>'
)
OUTLOOK = (
    "<p class=MsoTitle>Marché</p><p class=MsoNormal><b>Quand ?</b></p><p>Joindre :</p><p style='mso-list:"
    "l0 level1 lfo1'><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp;</span></span>un plan ;</p><p style='mso-list:l0 "
    "level2 lfo1'><span style='mso-list:Ignore'>a)<span>&nbsp; </span></span>une attestation.</p>"
)
WORD = (  # « page Web filtrée »
    "<p class=MsoTitle>Marché</p><p><b>1. Dossier</b></p><p><span style='font-family:Symbol'>·<span>&nbsp; "
    "</span></span>un plan ;</p><p>·&nbsp;&nbsp;&nbsp;une photo.</p><p><b>2. Tarif</b></p><p>Dix euros.</p>"
)
SPIP = (
    '<h1>Marché</h1><p class="info-publi">mercredi 3 mars 2024, par Léa</p><dl><dt>PDF</dt></dl>'
    "<p>Vérifié le : 3 mars 2024 - Direction des marchés</p>"
    '<h3>Dossier</h3><p>Il est signé.<span>[<a href="#nb1" id="nh1">1</a>]</span></p>'
    '<div class="sharedaddy"><h3>Partager :</h3><a href="https://x.com/">X</a></div><div class="notes"><div id="nb1">'
    '<p><span>[<a href="#nh1">1</a>]</span> Sauf en mai.</p></div></div>'
)
FOLDED = (
    "<h1>FAQ</h1><details><summary>Voirie</summary><details><summary>Qui sale ?</summary>Nous.</details></details>"
    "<details><summary>Eau</summary><details><summary>Quel prix ?</summary><h4>Tarif</h4><p>Dix euros.</p></details>"
    "<details><summary>Où ?</summary><p>Ici.</p></details></details>"
)
LABELLED = (
    '<h1>FAQ</h1><div class="label">Question</div><div>Qui sale ?</div><div class="label">Réponse</div><div>Nous.</div>'
    '<div class="label">Question</div><div>Les trottoirs</div><div class="label">Réponse</div><div>Les riverains.</div>'
)
LAID_OUT = (
    "<table><tr><td><a href=/a>Accueil</a><br><a href=/b>Mairie</a></td><td><b>Clôture</b><p>Deux mètres au plus."
    "<p><b>Ravalement</b><br>Une déclaration est due.</td></tr></table>"
)
HEADED = (
    "<table><tr><th>Quand signer ?</th><th>Où ?</th></tr><tr><td>Avant le 3 mars.</td><td>En mairie.</td></tr></table>"
)
JQUERY = (
    "<h1>Aides</h1><div><ul><li><a href=#a>Jeunes</a><li><a href=#b>Aînés</a></ul><div id=a>Le pass est de 50 euros."
    "</div><div id=b>Le repas est à 9 euros.</div></div>"
)
BROKEN = "<p><b>FAQ</b><br><br><b>Où signer ?</b><br>Ici.<br><br><b>Quand ?</b><br>En mai.</p>"
COMMENTED = (
    "<h1>Marché</h1><p>Il a lieu le lundi.</p><h2 class=comments-title>1 avis</h2><ol class=comment-list><li>Ah ?</ol>"
)
ACCORDION = (
    '<h3 class="accordion-header"><button data-bs-toggle="collapse" data-bs-target="#{0}">{1}</button></h3>'
    '<div id="{0}" class="accordion-collapse"><div class="accordion-body">{2}</div></div>'
)
NESTED = (
    '<h1>Permis</h1><p>Le service vous répond au <a class="btn" href="tel:0200000000">02 00 00 00 00</a>.</p>'
    '<ul><li><button role="tab" aria-controls="t">Particuliers</button></li></ul>'
    f'<div id="t" role="tabpanel">{ACCORDION.format("a", "Construire", ACCORDION.format("b", "Où ?", "<p>Ici.</p>"))}'
    f"{ACCORDION.format('c', 'Démolir', '<p>Le permis est dû.</p>')}</div>"
    '<div role="button" aria-controls="u">Entreprises</div><div id="u"><h3>Quel délai ?</h3><p>Un mois.</p></div>'
    '<div role="button" aria-controls="v">Aide</div><div id="v"><p>Le lundi, en mairie.</p></div>'
)
CLASSES = (
    '<h1>Avis</h1><p class="question">Qui vient ?</p><p class="reponse">Un agent.</p><p class="reponse">Il a une '
    'carte.</p><p class="question">Et les absents ?</p><p class="reponse">Ils appellent.</p><h2>Et aussi</h2><p>Fête.'
)
HELP = (
    "<h1>Facture <span class=icon>A</span></h1><ul class=article-meta><li>Léa</ul><section class=article-info><p>"
    "Elle est en ligne.</section><section><h2>Articles associés</h2><ul><li><a href=/a>Payer</a></ul></section>"
)
SHAREPOINT = (
    "<div role=heading aria-level=1>Badge</div><div role=heading aria-level=2>Perte</div><p>Un badge coûte 5 euros.</p>"
)
STEPS = (
    "<h2>Étapes</h2><ol start=2><li>Remplir ;<li value=5>joindre :<ol type=a><li>un plan.</ol></ol>"
    "<ol style='list-style: none'><li>Fin.</ol>"
)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (STYLES + GOOGLE, ["Marché › Dossier → Il est signé.", "Marché › Tarif → Dix euros."]),
        (LIBREOFFICE, ["Marché → Bonjour à tous.", "Marché › Dossier → Il est signé."]),
        (OUTLOOK, ["Marché › Quand ? → Joindre : / un plan ; / · a) une attestation."]),
        (WORD, ["Marché › 1. Dossier → · un plan ; / · une photo.", "Marché › 2. Tarif → Dix euros."]),
        (SPIP, ["Marché › Dossier → Il est signé."]),
        (
            FOLDED,
            [
                "FAQ › Voirie › Qui sale ? → Nous.",
                "FAQ › Eau › Quel prix ? → Tarif ¶  ¶ Dix euros.",
                "FAQ › Eau › Où ? → Ici.",
            ],
        ),
        (LABELLED, ["FAQ › Qui sale ? → Nous.", "FAQ › Les trottoirs → Les riverains."]),
        (
            LABELLED.replace('div class="label"', "h3").replace("</div><div>", "</h3><div>"),
            ["FAQ › Qui sale ? → Nous.", "FAQ › Les trottoirs → Les riverains."],
        ),
        (LAID_OUT, ["Clôture → Deux mètres au plus.", "Ravalement → Une déclaration est due."]),
        (HEADED, ["Quand signer ? → Avant le 3 mars.", "Où ? → En mairie."]),
        (JQUERY, ["Aides › Jeunes → Le pass est de 50 euros.", "Aides › Aînés → Le repas est à 9 euros."]),
        (BROKEN, ["FAQ › Où signer ? → Ici.", "FAQ › Quand ? → En mai."]),
        (COMMENTED, ["Marché → Il a lieu le lundi."]),
        (
            NESTED,
            [
                "Permis ›  → Le service vous répond au 02 00 00 00 00.",
                "Permis › Particuliers › Construire › Où ? → Ici.",
                "Permis › Particuliers › Démolir → Le permis est dû.",
                "Permis › Entreprises › Quel délai ? → Un mois.",
                "Permis › Aide → Le lundi, en mairie.",
            ],
        ),
        (
            CLASSES,
            [
                "Avis › Qui vient ? → Un agent. / Il a une carte.",
                "Avis › Et les absents ? → Ils appellent.",
            ],
        ),
        (HELP, ["Facture → Elle est en ligne."]),
        (SHAREPOINT, ["Badge › Perte → Un badge coûte 5 euros."]),
        (STEPS, ["Étapes → 2. Remplir ; / 5. joindre : / · a. un plan. / Fin."]),
    ],
)
def test_pages_that_programs_write_say_what_one_sees(page: str, expected: list[str]) -> None:
    assert told(read_html(f"<body>{page}</body>".encode(), "page.html")) == expected


def test_an_answer_that_speaks_of_cookies_is_no_banner() -> None:
    page = "<h1>Ce site a-t-il des cookies ?</h1><p>Oui, et vous pouvez les refuser.</p><h2>Comment ?</h2><p>Ici.</p>"

    assert read_html(page.encode(), "a.html").text.startswith("Ce site a-t-il des cookies ?\n\nOui, et vous pouvez")


def test_html_without_main_gives_its_articles_and_without_them_its_body() -> None:
    assert read_html(b"<body><p>menu</p><article><p>un</p></article></body>", "a.html").text == "un"
    assert read_html(b"<p>un</p><footer>pied</footer><p>deux</p>", "a.html").text == "un\n\ndeux"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_html_says_one_encoding_and_uses_another(encoding: str) -> None:
    page = "<html><head><meta charset='utf-8'></head><body><p>L’été à l’œuvre</p></body></html>"

    assert read_html(page.encode(encoding), "a.html").text == "L’été à l’œuvre"


# Tables


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("id;nom\n1;Qui ?", "il manque la colonne « question » (la première ligne contient : « id », « nom »)."),
        ("question;texte\nQui ?;Nous.", "il manque la colonne « réponse »"),
        ("id;question;réponse\n2;Où ?;", "ligne 2 : la colonne « réponse » est vide ; cette ligne n’est pas lue."),
        ('question;réponse\n"Qui ?;Nous.', "la ligne 2 du fichier n’est pas du CSV correct"),
        ("question;réponse\n", "ce tableau ne contient aucune question."),
        ("", "il manque la colonne « question » (la première ligne contient : rien)."),
    ],
)
def test_a_wrong_table_is_refused_with_its_column_and_line(table: str, problem: str) -> None:
    with pytest.raises(UnreadableDocumentError) as refused:
        read_csv(table.encode(), "faq.csv")

    assert problem in refused.value.reason.replace("\u00a0", " ")
    assert refused.value.remedy


# Files that cannot be read


DAMAGED = "endommagé, ou son contenu ne correspond pas"
LOCKED = "mot de passe"
EMPTY = "ne contient aucun texte"
OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(512)


@pytest.mark.parametrize(
    ("reader", "data", "reason"),
    [
        (read_docx, b"PK\x03\x04 tronqu\xe9", DAMAGED),
        (read_docx, odt(), DAMAGED),
        (read_odt, word(), DAMAGED),
        (read_odt, odt(kind="spreadsheet"), DAMAGED),
        (read_odt, odt("<text:p>&b;</text:p>", '<!DOCTYPE a [<!ENTITY b "c">]>'), DAMAGED),
        (read_xlsx, b"", DAMAGED),
        *((reader, OLE, LOCKED) for reader in (read_docx, read_odt, read_xlsx)),
        (read_odt, odt(manifest="<m:file-entry><m:encryption-data/></m:file-entry>"), LOCKED),
        (read_markdown, b"\n", EMPTY),
        (read_html, b"<body><div id='app'></div><script>go()</script></body>", EMPTY),
        (read_docx, saved(docx.Document().save), EMPTY),
        (read_odt, odt(""), EMPTY),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(reader: ReadFunction, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=reason):
        reader(data, "fichier")


def test_an_older_opendocument_text_that_names_its_document_types_is_read() -> None:
    older = odt(prolog='<!DOCTYPE office:document-content PUBLIC "-//OpenOffice.org//DTD 1.0//EN" "office.dtd">')

    assert ANSWER in read_odt(older, "faq.odt").text


# Plain text


LINE = "L’État s’engage : œuvre, été, 80 %.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encodings_of_french_offices_give_the_same_text(encoding: str) -> None:
    assert read_text(LINE.encode(encoding), "note.txt").text == LINE.strip()


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "vide"), (b" \r\n\t\f", "vide"), (b"\xef\xbb\xbf", "vide"), (bytes(range(256)) * 4, "pas un texte lisible")],
)
def test_an_empty_file_or_one_that_is_no_text_is_refused_by_name(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableDocumentError, match=rf"note\.txt.*{reason}"):
        read_text(data, "note.txt")


def test_windows_and_old_mac_line_ends_are_line_ends() -> None:
    for end in ("\n", "\r\n", "\r"):
        raw = f"Le contrat dure six{end}ans.{end}{end}Il est signé."
        assert read_text(raw.encode(), "note.txt").text == "Le contrat dure six ans.\n\nIl est signé."


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            "Marché\n======\n\nDépôt\n-----\nIl est signé.\n\n* * *\n\nTarif\n-----\nDix.",
            ["Marché › Dépôt → Il est signé.", "Marché › Tarif → Dix."],
        ),
        (
            "QUESTION\nQui sale ?\nRÉPONSE\nLe maire.\n\nQUESTION 2\nLes trottoirs\nRÉPONSE 2\nLes riverains.",
            ["Qui sale ? → Le maire.", "Les trottoirs → Les riverains."],
        ),
        (
            "Tarifs\n\nAdulte ...... 150\nEnfant ...... 280\n\nDroits (en euros)\n\nTombe ...... 15\nNiche ...... 9\n",
            ["Tarifs → Adulte ...... 150 / Enfant ...... 280", "Droits (en euros) → Tombe ...... 15 / Niche ...... 9"],
        ),
        (
            "Sommaire\nPartie A ........ 2\nPartie B ........ 3\n\nPartie A\nUn mois.\n\nPartie B\nDeux mois.",
            ["Partie A → Un mois.", "Partie B → Deux mois."],
        ),
        (
            "Article 1.\tDroit à l'inhumation\nElle est due à toute personne morte dans la commune.\n\n"
            "Article 2.\tHoraires\nLe cimetière est ouvert tous les jours de huit à dix-huit heures.\n",
            [
                "Article 1. Droit à l'inhumation → Elle est due à toute personne morte dans la commune.",
                "Article 2. Horaires → Le cimetière est ouvert tous les jours de huit à dix-huit heures.",
            ],
        ),
        ("AVANT\n* Monter à l'étage\n* Couper le gaz", ["AVANT → * Monter à l'étage / * Couper le gaz"]),
        (
            "Tarifs\n\n| Format | Noir |\n|---|---|\n| A4 | 2 € |\n\nCopies\n\nFormat\tNoir\nA3\t4 €\n",
            ["Tarifs → Format | Noir / A4 | 2 €", "Copies → Format | Noir / A3 | 4 €"],
        ),
        (
            "Tarifs\n\n        Habitants   Autres\nMois    250 €       300 €\nAn      500 €       900 €\n",
            ["Tarifs →  | Habitants | Autres / Mois | 250 € | 300 € / An | 500 € | 900 €"],
        ),
        (
            ">>> PAIE\n\nElle est versée le 27.\n\n>>> CONGÉS\n\nVingt-cinq jours.",
            ["PAIE → Elle est versée le 27.", "CONGÉS → Vingt-cinq jours."],
        ),
        (
            "Bonjour,\n\n1) Qui sale ?\nNous.\n\n2) Où ?\nIci.\n\nLe lun. 4 mars 2024, Luc a écrit :\n> Qui ?\n> Luc\n",
            ["Qui sale ? → Nous.", "Où ? → Ici."],
        ),
        ("FAQ\n\n> Qui sale ?\nLe maire.\n\n👉 Où ?\nIci.", ["Qui sale ? → Le maire.", "Où ? → Ici."]),
    ],
)
def test_titles_and_questions_of_plain_text(raw: str, expected: list[str]) -> None:
    assert told(read_text(raw.encode(), "note.txt")) == expected


def test_form_feeds_separate_pages() -> None:
    reading = read_text("Première page.\n\fDeuxième page.\n".encode(), "note.txt")

    assert reading.text == "Première page.\n\nDeuxième page."
    assert reading.pages == (0, 16)
    assert read_text(b"Une seule page.", "note.txt").pages == ()


def test_the_link_list_that_a_printer_leaves_ends_a_page_and_is_no_text() -> None:
    raw = """Voir la circulaire : https://www.legifrance.gouv.fr/circ?id=1

Le contrat est signé.

https://www.legifrance.gouv.fr/circ?id=1


Il dure six ans.

https://www.legifrance.gouv.fr/circ?id=1
"""

    reading = read_text(raw.encode(), "note.txt")

    assert reading.text == (
        "Voir la circulaire : https://www.legifrance.gouv.fr/circ?id=1\n\nLe contrat est signé.\n\nIl dure six ans."
    )
    assert reading.pages == (0, reading.text.index("Il dure"))


def test_an_address_that_stands_in_the_text_stays() -> None:
    raw = "Voir https://a.gouv.fr/x\n\nhttps://a.gouv.fr/y\n\n\nFin du texte.\n"

    assert (
        read_text(raw.encode(), "note.txt").text == "Voir https://a.gouv.fr/x\n\nhttps://a.gouv.fr/y\n\nFin du texte."
    )
