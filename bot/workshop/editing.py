"""The workshop of one corpus: what its pages and its commands do, whoever calls."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock

from bot.journal import Journal
from bot.workshop.decisions import Act, Decision, Decisions, KnownFile, hash_of
from bot.workshop.draft import Draft, Release, Releases, WorkshopError, marks
from bot.workshop.inbox import Group, Inbox
from bot.workshop.indexes import Indexes
from bot.workshop.phrasings_file import Attached, PhrasingsFile, key_of
from bot.workshop.replay import Told
from corpus.document import Entry
from corpus.read import Corpus, read_corpus
from index.encoder import Encoder
from index.state import check_replaceable
from index.store import Store


class Workshop:
    """Reads and changes the draft of a corpus, compares it with what is in service, and publishes it.

    Without a journal there are no questions of visitors.
    """

    def __init__(self, corpus: Path, store: Store, encoder: Encoder, max_error: float, journal: Journal | None) -> None:
        self.store, self.journal = store, journal
        self.draft = Draft(corpus)
        self.indexes = Indexes(self.draft, store, encoder, max_error, lambda: self.corpus)
        self.known = KnownFile(self.draft)
        self.decisions = Decisions(self.draft)
        self.inbox = Inbox(journal, self.decisions, self.indexes.encoder, lambda text: self._rankings.get(text, ()))
        self.releases = Releases(self.draft, store, self.indexes.serve)
        self.releases.recover()
        self._lock = Lock()
        self._read: tuple[dict[str, str], Corpus] | None = None
        self._rankings: dict[str, tuple[str, ...]] = {}

    # --- what is there ---

    @property
    def corpus(self) -> Corpus:
        """The documents of the draft, read again when one of them or the catalogue changes."""
        now = {n: m for n, m in marks(self.draft.folder).items() if n == "catalogue.toml" or n.startswith("documents/")}
        with self._lock:
            if self._read is None or self._read[0] != now:
                self._read = (now, read_corpus(self.draft.folder, known=self._read[1] if self._read else None))
            return self._read[1]

    def entry(self, key: str) -> Entry | None:
        """The entry ``document/entry``; None for ``document/``, which stands for what its document does not answer."""
        for entry in self.corpus.entries:
            if entry.key == key:
                return entry
            if f"{entry.document.id}/" == key:
                return None
        raise WorkshopError(
            f"L’entrée « {key} » n’est pas, ou n’est plus, dans les documents : rechargez la page, ou vérifiez ce nom."
        )

    def file(self, document: str) -> PhrasingsFile:
        """The phrasings of a document."""
        return PhrasingsFile(self.draft, document, [e for e in self.corpus.entries if e.document.id == document])

    def attached(self) -> dict[str, Attached]:
        """``document/entry`` -> what it has; ``document/`` -> what has no answer."""
        documents = dict.fromkeys(entry.document.id for entry in self.corpus.entries)
        return {f"{name}/{id_}": own for name in documents for id_, own in self.file(name).attached().items()}

    def counts(self) -> dict[str, Counter[str]]:
        """``document/entry`` -> how often it came first in the journal, by what was then said (``Kind``)."""
        found: dict[str, Counter[str]] = {}
        for record in self.journal.records() if self.journal else ():
            if record.document:
                found.setdefault(f"{record.document}/{record.entry}", Counter())[record.kind] += 1
        return found

    def groups(self) -> tuple[Group, ...]:
        """What is to be decided, largest first."""
        return self.inbox.groups(self.indexes.live.searcher.levels.sure)

    def candidates(self, group: Group) -> list[Entry]:
        """The three entries that a group most likely asks for; none where nothing seems to answer ten things."""
        if not group.entry:
            return []
        entries = {entry.key: entry for entry in self.corpus.entries}
        order = [group.entry, *group.questions[0].chosen, *self.ranked(group.questions[0].text)]
        return [entries[key] for key in dict.fromkeys(order) if key in entries][:3]

    def ranked(self, text: str) -> tuple[str, ...]:
        """Entries that a question may ask for, likeliest first; looked up ahead, while the editor reads."""
        found = self._rankings.get(text)
        if found is None:
            found = tuple(f"{each.document}/{each.entry}" for each in self.indexes.best().ask(text).ranking)
            self._rankings[text] = found
        return found

    # --- decisions ---

    def decide(
        self,
        act: Act,
        texts: Sequence[str],
        count: int,
        author: str,
        key: str = "",
        add: Sequence[str] = (),
        passed: Sequence[str] = (),
    ) -> Decision:
        """Decide about questions of visitors, of which those that were ``passed`` ask for something else.

        What is added to the draft is by default the questions; ``key`` is what they ask for, or lie nearest to.
        """
        if not texts:
            raise WorkshopError("Cochez au moins une question : rien n’a été décidé.")
        new = tuple(add or texts)
        document, _, entry = key.partition("/")
        if act.adds:
            document = document or self.corpus.documents[0].id
            place = key if act is Act.PHRASING else f"{document}/"
            self.check_free(new, place)
            had = self.attached().get(place, Attached()).phrasings
            self.file(document).change(self.entry(place), add=new)
            new = tuple(text for text in new if text not in had)
        made = Decision(
            author=author,
            act=act,
            keys=tuple(map(hash_of, texts)),
            count=count,
            document=document,
            entry=entry,
            texts=() if act is Act.IGNORED else new,
            passed=tuple(map(hash_of, passed)),
        )
        return self.decisions.add(made)

    def undo(self, id_: str) -> Decision:
        """Take a decision back, and what it added to the draft."""
        made = next((d for d in self.decisions.all() if d.id == id_), None)
        if made is None:
            raise WorkshopError("Cette décision a déjà été annulée.")
        if self.is_published(made):
            raise WorkshopError(
                "Cette décision a été publiée : rien n’a été annulé. Retirez ce qu’elle a ajouté depuis la page de la "
                "question, ou revenez à une version précédente depuis la page Brouillon."
            )
        if made.act.adds:
            self.file(made.document).change(self.entry(made.key), remove=made.texts)
        self.decisions.undo(made)
        return made

    def is_published(self, made: Decision) -> bool:
        """Whether what a decision added to the draft was published since."""
        return made.act.adds and made.at <= self.releases.last()

    def abandon(self) -> None:
        """Make the draft what is in service: what was decided since the last publication is to be decided again."""
        self.draft.abandon()
        since, attached = self.releases.last(), self.attached()
        for made in self.decisions.all():
            there = {*attached.get(made.key, Attached()).phrasings}
            if made.act.adds and made.at > since and not there & {*made.texts}:
                self.decisions.undo(made)

    def change(
        self,
        key: str,
        author: str,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        title: str | None = None,
        revision: str | None = None,
    ) -> Attached:
        """Change the phrasings of an entry; its history notes who did."""
        document, _, entry = key.partition("/")
        found = self.file(document).change(self.entry(key), add, remove, title, revision)
        self.decisions.add(Decision(author=author, act=Act.EDITED, document=document, entry=entry))
        return found

    def elsewhere(self, texts: Sequence[str], key: str) -> dict[str, str]:
        """Those of the texts that another entry than ``key`` has, as a phrasing or as its heading -> its key."""
        found = {key_of(entry.heading_text): entry.key for entry in self.corpus.entries if entry.key != key}
        for name, own in self.attached().items():
            found.update({key_of(text): name for text in own.phrasings if name != key})
        return {text: found[key_of(text)] for text in texts if key_of(text) in found}

    def check_free(self, texts: Sequence[str], key: str) -> None:
        """See that no other entry has one of the texts."""
        for text, other in self.elsewhere(texts, key).items():
            raise WorkshopError(
                f"« {text} » est déjà rattachée à « {other} » : déplacez-la depuis la page de la "
                "question voulue. Rien n’a été décidé."
            )

    # --- publications ---

    def publish(self, author: str, note: str, accept_loss: bool = False, told: Told = lambda *_: None) -> Release:
        """Put the draft in service.

        Raises:
            WorkshopError: It breaks what was right, and that is not accepted; or it cannot be written.
            LossError: It would take much away from what is in service, and that is not accepted.
        """
        self.releases.recover()
        found = self.indexes.check(told)
        if found.lost and not accept_loss:
            lost = ", ".join(f"« {q.expected.turns[-1]} »" for q in found.lost[:3])
            raise WorkshopError(
                f"Cette publication ferait perdre {len(found.lost)} réponse{'s' * (len(found.lost) > 1)} : {lost}. "
                "Corrigez le brouillon, ou acceptez cette perte en cochant la case."
            )
        if not accept_loss:
            check_replaceable(replace(self.corpus, folder=self.draft.live), self.store, self.indexes.mark)
        figures = len(found.gained), len(found.lost)
        made = self.releases.publish(author, note, *figures, is_checked=lambda: self.indexes.checked() is found)
        self._take_stock()
        return made

    def revert(self, id_: str) -> Release:
        """Put an earlier version back in service."""
        release = self.releases.revert(id_)
        self._take_stock()
        return release

    def _take_stock(self) -> None:
        """After a publication, questions may ask for other entries."""
        self._rankings.clear()
        self.inbox.regroup()
