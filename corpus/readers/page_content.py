"""Remove what surrounds the text of a web page: menus, banners, forms, notes, what stays hidden."""

import re
from collections.abc import Mapping
from itertools import islice

from bs4.element import NavigableString, PageElement, Tag


def names(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_NO_CONTENT = names("""
    script style noscript template head nav footer aside svg math iframe object canvas audio video select
    input textarea datalist dialog s strike del
""")
_ROLES_WITHOUT_CONTENT = names("navigation banner contentinfo search dialog alertdialog tab")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = names("""
    address article blockquote body center caption dd details div dl fieldset figcaption figure form header
    hgroup hr html legend li main p pre section table tbody td tfoot th thead tr
""")
LISTS = names("ul ol menu dir")
ASKS = ("summary", "dt")
ASKING_NAME = re.compile(r"(?<![a-z])question(?![a-z])")
"""In the classes of a question."""
_TITLES = (*HEADINGS, *ASKS, "label", "button", "legend")
_CONSENTS = re.compile(
    r"\W*(?:ok|(?:je |j[’'])?(?:tout )?(?:accepte|refuse|autorise|interdi|personnalise|param[èe]tre)[rzs]?"
    r"|continuer sans accepter)(?: (?:tout|et fermer|les cookies|les traceurs|et continuer))*\W*",
    re.IGNORECASE,
)
# Names of such a banner, which may hold no button.
_CONSENT_NAME = re.compile(r"cookie|consent|rgpd|gdpr|tarteaucitron|axeptio|didomi", re.IGNORECASE)
_COOKIES = re.compile(r"cookies?\b|traceurs?\b", re.IGNORECASE)
# Characters of a banner that asks for consent.
_LONGEST_BANNER = 2000
# Names that pages give to what surrounds their text.
_SURROUNDING = re.compile(
    r"(?<![a-z])(?:footer|nav|navbar|navigation|menu|breadcrumbs?|ariane|(?:shar(?:e|ing)|partage)[a-z]*|social|newsletter"
    r"|banner|bandeau|sidebar|toolbar|pager|pagination|tags|keywords|mots-cles)(?![a-z])",
    re.IGNORECASE,
)
_SHARING = re.compile(r"\W*(?:partage[rz]?|suivez[- ]nous)\b", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
# For screen readers alone; who wrote the page, and when; its attachments, its badges.
_UNSEEN = names("""
    sr-only fr-sr-only visually-hidden visuallyhidden screen-reader-text element-invisible
    entry-meta post-meta article-meta article-author byline info-publi page-metadata properties
    mw-editsection mw-jump-link printfooter catlinks
    pagesection fr-badge fr-tag comment-list comments-title comment-respond comments-area
""")
# What shows that something unfolds.
_ICONS = frozenset("+✚➕▼▾▲▴⌄")
_ICON_NAME = re.compile(r"icon|symbol")
_BUTTON_NAME = re.compile(r"(?<![a-z])(?:btn|button|bouton)(?![a-z])")
# Letters that a font draws as an icon are fewer.
_SHORTEST = 3
# What tells an element that a click shows, and what tells that a click shows something.
_TARGETS = ("aria-controls", "data-bs-target", "data-target", "href")
_SWITCHES = ("data-bs-toggle", "data-toggle", "aria-expanded", "aria-selected")
# Names of what unfolds, of its titles, and of the texts under them: vc_toggle_title, vc_toggle_content.
_UNFOLDING = re.compile(r"accord|toggle|collaps|faq|d[ée]pli|expand|question")
TITLE_NAME = re.compile(
    r"(?:title|titre|head(?:er|ing)?|question|trigger|button|btn|toggle|control)(?![a-z])"
    r"(?![\w-]*(?:content|contenu|body|panel|inner|collapse)(?![\w-]))"  # toggle-content is none
)
_STEM = re.compile(rf"([\w-]*?){TITLE_NAME.pattern}")
_TEXT_NAME = re.compile(r"(?<![a-z])(?:answer|reponse|content|contenu|body|panel|text|texte|inner|collapse)(?![a-z])")
_ANCHOR = re.compile("#.")
_PART = re.compile(r"#.|(?!\w+:)[^?]*\.md(?:#.*)?$")
# Elements around a link, one of which has the name of a note.
_HOLDERS = 4
_NOTE_MARK = re.compile(r"\W{0,3}(?:\d{1,3}|[a-z]{1,2}|[ivx]{1,5})?\W{0,3}", re.IGNORECASE)


def opened(page: Tag) -> Mapping[str, Tag]:
    """What the controls of the page show or hide, by identifier: content, though hidden at first."""
    tags = page.find_all(True)
    controlled = {identifier for tag in tags for identifier in _controlled(tag)}
    return {str(tag["id"]): tag for tag in tags if tag.get("id") in controlled}


def _controlled(tag: Tag) -> list[str]:
    """Identifiers of what a click on an element shows or hides."""
    switches = tag.get("role") == "tab" or any(tag.has_attr(key) for key in _SWITCHES)
    keys = _TARGETS if switches else _TARGETS[:1]
    return [word.removeprefix("#") for key in keys for word in str(tag.get(key, "")).split()]


def panel(title: Tag, shown: Mapping[str, Tag]) -> Tag | None:
    """What a click on a title shows: what the page names, else what stands after it, named alike."""
    for control in (title, *title.find_all(True, limit=_HOLDERS)):
        for identifier in _controlled(control):
            if identifier in shown and title not in shown[identifier].parents:
                return shown[identifier]
    holders = [title, *islice(title.parents, _HOLDERS)]
    after = next((found for holder in holders if (found := holder.find_next_sibling())), None)
    if after is None or not any(_UNFOLDING.search(class_names(holder)) for holder in holders):
        return None
    return after if any(_are_alike(holder, after) for holder in holders) else None


def last_alike(shown: Tag | None) -> Tag | None:
    """The last of the elements after it that are named as it is: the paragraphs of one answer."""
    while shown and not shown.get("id") and isinstance(below := shown.find_next_sibling(True), Tag):
        if class_names(below) != class_names(shown) or not class_names(shown):
            break
        shown = below
    return shown


def _are_alike(title: Tag, text: Tag) -> bool:
    """Whether both are named alike, the one a title or a question, the other its text."""
    stems = {found[1] for name in class_names(title).split() if (found := _STEM.match(name))}
    return any(
        name.startswith(stem) and _TEXT_NAME.search(name[len(stem) :])
        for stem in stems
        for name in class_names(text).split()
    )


def move_tabs(page: Tag) -> None:
    """Put the name of each tab above what it shows."""
    named = {str(tag["id"]): tag for tag in page.find_all(["div", "section"], id=True)}
    for link in page.find_all("a", href=_ANCHOR):
        pane, listed = named.pop(str(link["href"])[1:], None), link.find_parent(LISTS)
        if pane and listed and pane.parent is listed.parent and not pane.find(HEADINGS):
            link["role"] = "tab"
    shown = opened(page)
    for tab in page.find_all(role="tab"):
        if (pane := panel(tab, shown)) is not None:
            tab["role"], tab["aria-expanded"] = "button", "true"
            if tab.find_next_sibling(True) is not pane:
                pane.insert_before(tab.extract())


def remove_notes(page: Tag) -> None:
    """Remove notes and comments with their marks: short links in a text and in a note that lead to each other."""
    links = [tag for tag in page.find_all("a", href=_ANCHOR) if _NOTE_MARK.fullmatch(tag.get_text())]
    named: dict[str, tuple[Tag, Tag]] = {}
    for link in links:
        for holder in (link, *islice(link.parents, _HOLDERS)):
            for key in ("id", "name"):
                named.setdefault(str(holder.get(key)), (link, holder))
    removed: set[int] = set()
    for mark in links:
        back, note = named.get(str(mark["href"])[1:], (mark, mark))
        leads_back = named.get(str(back["href"])[1:], (back, back))[0] is mark
        if back is not mark and leads_back and id(mark) not in removed:
            removed.add(id(back))
            note = note if note.name in BLOCKS or note.name == "li" else back.find_parent([*BLOCKS, "li"]) or back
            around = mark.parent
            alone = around is not None and around.name in ("sup", "span") and _NOTE_MARK.fullmatch(around.get_text())
            for tag in (around if alone and around else mark, note):
                tag.extract()


def remove_what_is_no_content(root: Tag, shown: Mapping[str, Tag]) -> None:
    """Leave what a reader may see; ``shown``: what a click shows, by identifier."""
    # Not decompose(): to ask what was decomposed already, the library searches the whole of each tag.
    for tag in _consent_banners(root):
        tag.extract()
    for tag in [
        t for t in root.find_all(True) if _is_no_content(t, shown) or (_is_hidden(t) and not _is_opened(t, shown))
    ]:
        tag.extract()


def remove_surroundings(root: Tag) -> None:
    """Remove links in what is named a menu and, around the part that holds the headings, what is either.

    That part is the smallest element with all headings and the text under the last. Measured on 31 pages of
    questions, trafilatura left four of the six kinds of surroundings that it met, and jusText lost every answer,
    which are short.
    """
    menus = [tag for tag in root.find_all(True) if _is_named_surrounding(tag) and (_is_links(tag) or _shares(tag))]
    for tag in menus:
        tag.extract()
    heads = root.find_all([*HEADINGS, *ASKS])
    if not heads:
        return
    own = set(map(id, heads[-1].descendants))
    after = (each for each in heads[-1].next_elements if id(each) not in own and isinstance(each, NavigableString))
    ends = set(map(id, next((words for words in after if words.strip()), heads[-1]).parents))
    found: list[PageElement] = []
    for inner in (heads[0], *heads[0].parents):
        if inner is root:
            break
        found += inner.previous_siblings
        if id(inner) in ends:  # it is the part itself, or holds it
            found += inner.next_siblings
    for beside in found:
        if isinstance(beside, Tag) and (_is_links(beside) or _is_named_surrounding(beside)):
            beside.extract()


def _is_no_content(tag: Tag, shown: Mapping[str, Tag]) -> bool:
    if tag.name == "button" or tag.get("role") == "button" or _leads_elsewhere(tag):
        return tag.find_parent([*HEADINGS, *ASKS]) is None and not _unfolds(tag, shown)
    if tag.name == "form":
        return tag.find(["main", "article", "h1"]) is None  # some servers wrap the whole page in a form
    if tag.name == "div" and tag.get("title") in ("header", "footer"):
        return True  # those of a page, as LibreOffice writes them
    if tag.name == "header":  # that of an article, or of a part of it, holds its title
        return tag.find_parent(["main", "article"]) is None and (not tag.find(HEADINGS) or tag.find("a") is not None)
    if tag.name in ("span", "i") and _first_letters(tag) in _ICONS:
        return True
    if _ICON_NAME.search(class_names(tag)) and len(_first_letters(tag)) < _SHORTEST:
        return True
    if tag.name == "dl" and "article-info" in class_names(tag).split():
        return True  # of Joomla; elsewhere the name of an article's text
    if tag.name in LISTS and _is_contents(tag):
        return True
    unseen = not _UNSEEN.isdisjoint(class_names(tag).split())
    return unseen or tag.name in _NO_CONTENT or tag.get("role") in _ROLES_WITHOUT_CONTENT


def _leads_elsewhere(tag: Tag) -> bool:
    """Whether it is a link that looks like a button."""
    named = tag.name == "a" and _BUTTON_NAME.search(class_names(tag)) is not None
    return named and not str(tag.get("href", "#")).startswith(("#", "tel:", "mailto:"))


def _first_letters(tag: Tag) -> str:
    """Its text, or enough of it to tell that it is no icon."""
    return "".join(islice(tag.stripped_strings, _SHORTEST))


def _is_contents(listed: Tag) -> bool:
    """Whether it lists parts of the page, or pages written with it, and says nothing more; not part by part."""
    if listed.find_parent(LISTS) is not None:
        return False
    links = [link for link in listed.find_all("a") if _PART.match(str(link.get("href", "")))]
    return len(links) > 1 and sum(map(_length, links)) == _length(listed)


def _length(tag: Tag) -> int:
    return len("".join(tag.get_text().split()))


def _unfolds(button: Tag, shown: Mapping[str, Tag]) -> bool:
    """Whether the button is the title of what it shows: the page says so, or it asks."""
    return button.has_attr("aria-expanded") or _asks(button) or panel(button, shown) is not None


def _asks(tag: Tag) -> bool:
    return tag.get_text().rstrip(" »\u00a0\u202f\r\n\t+-▼▾").endswith("?")


def _is_hidden(tag: Tag) -> bool:
    hidden = tag.has_attr("hidden") and tag["hidden"] != "until-found"
    styled = _HIDDEN_STYLE.search(str(tag.get("style", "")))
    return hidden or tag.get("aria-hidden") == "true" or styled is not None


def _is_opened(tag: Tag, shown: Mapping[str, Tag]) -> bool:
    """Whether a click shows it: a control of the page names it, a tab does, or it follows a title or a question."""
    if tag.get("id") in shown or tag.get("role") == "tabpanel":
        return True
    if tag.name not in BLOCKS and tag.name not in LISTS:
        return False
    title = tag.find_previous_sibling(True)
    if not isinstance(title, Tag):
        return False
    named = ASKING_NAME.search(class_names(title)) is not None
    return named or title.name in _TITLES or _asks(title) or panel(title, shown) is tag


def _consent_banners(root: Tag) -> list[Tag]:
    """The smallest elements that speak of cookies and are named so, or hold a button to accept or refuse them."""
    found = []
    for words in root.find_all(string=_COOKIES, limit=20):
        for parent in words.parents:
            if parent is root or parent.name == "body" or len(parent.get_text()) > _LONGEST_BANNER:
                break
            controls = parent.find_all(["button", "a", "input"])
            named = parent.find(HEADINGS) is None and _CONSENT_NAME.search(_name(parent))
            if named or any(_CONSENTS.fullmatch(each.get_text() or str(each.get("value", ""))) for each in controls):
                found.append(parent)
                break
    return found


def class_names(tag: Tag) -> str:
    """Its classes, in lower case."""
    return " ".join(map(str, tag.get_attribute_list("class"))).lower()


def _name(tag: Tag) -> str:
    return f"{class_names(tag)} {tag.get('id', '')}"


def _is_named_surrounding(tag: Tag) -> bool:
    return _SURROUNDING.search(_name(tag)) is not None


def _shares(tag: Tag) -> bool:
    return _SHARING.match(tag.get_text()) is not None


def _is_links(tag: Tag) -> bool:
    """Whether most of its words lead elsewhere."""
    links = [tag] if tag.name == "a" else tag.find_all("a")
    linked = sum(len(link.get_text("").strip()) for link in links if not str(link.get("href", "#")).startswith("#"))
    return linked > 0.6 * len(tag.get_text("").strip())
