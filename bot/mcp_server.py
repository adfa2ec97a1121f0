"""The same answers for agents, over the Model Context Protocol: what they may quote, and where it stands."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Annotated

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field, RootModel

from bot import phrases
from bot.answer import Answer, Quote
from bot.legal_status import status_line
from bot.logs import report_failure
from bot.service import MAX_HISTORY, MAX_QUESTION, Service
from bot.web import dev_phrases
from corpus.document import Span
from corpus.errors import MotamotError, typeset

RULES = typeset(
    "Ce serveur cite des textes officiels mot pour mot, ou dit qu’il ne sait pas. "
    "Quand vous reprenez une citation (« quotes[].text »), recopiez-la à l’identique, entre guillemets, avec le titre, "
    "l’éditeur, la date, la page et l’avertissement de sa source. Ne présentez jamais une reformulation comme une "
    "citation, n’ajoutez rien à ses mots, et distinguez ce que dit le texte de ce que vous en déduisez. "
    "« message » est une phrase du service, pas du texte. "
    "Quand « kind » vaut « refuse », dites que ces textes ne répondent pas : n’y suppléez pas de mémoire. "
    "Quand il vaut « clarify », proposez à la personne les questions de « suggestions », telles quelles."
)

ASK = typeset(
    "Pose une question en français aux textes officiels indexés ici. Renvoie des citations exactes (« quotes ») avec "
    "leur source et leur place, des questions à choisir ou un refus. Recopiez les citations mot pour mot, avec leur "
    "source ; ne les résumez pas et ne les reformulez pas en leur nom. « highlights » désigne, dans « text », les "
    "phrases qui répondent ; « context », l’en-tête de leur tableau ou de leur liste : citez-le avec elles."
)
DOCUMENTS = "Donne les textes que ce serveur connaît, avec leur éditeur, leur date et l’empreinte de leur fichier."
VERIFY = typeset(
    "Rend les mots qui se trouvent à une place d’un document, pour prouver une citation ou la relire : donnez "
    "« sha256 », « start » et « end » tels que la citation les porte. Les positions se comptent en caractères."
)

_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)

QuestionText = Annotated[str, Field(description=dev_phrases.QUESTION)]
HistoryTexts = Annotated[list[str], Field(description=dev_phrases.HISTORY, max_length=dev_phrases.MAX_SENT)]
Hash = Annotated[str, Field(description="Empreinte SHA-256 du fichier, en hexadécimal.", pattern="^[0-9a-f]{64}$")]
Start = Annotated[int, Field(description="Début de la tranche, inclus.", ge=0)]
End = Annotated[int, Field(description="Fin de la tranche, exclue.", ge=1)]


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """A document that answers are quoted from."""

    document: str
    title: str
    publisher: str
    date: str
    kind: str
    url: str | None
    notice: str | None
    sha256: str
    characters: int


@dataclass(frozen=True, slots=True)
class KnownDocuments:
    """All of them."""

    documents: tuple[KnownDocument, ...]


class Tools:
    """What an agent may call. The library reads no slotted dataclass by itself: `RootModel` shows it how."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def ask(self, question: QuestionText, history: HistoryTexts = []) -> RootModel[Answer]:  # noqa: B006  never changed
        """Answer a question."""
        asked = question.strip()
        if not asked:
            raise ToolError(phrases.EMPTY_QUESTION)
        if len(asked) > MAX_QUESTION:
            raise ToolError(phrases.too_long(len(asked), MAX_QUESTION))
        try:
            return RootModel(self.service.reply(asked, tuple(history[-MAX_HISTORY:])).answer)
        except MotamotError as error:
            raise ToolError(str(error)) from error
        except Exception as error:  # noqa: BLE001
            # The library would log the error itself, which may hold the question.
            report_failure("a question could not be answered", error)
            raise ToolError(phrases.SERVER_ERROR) from None

    def documents(self) -> RootModel[KnownDocuments]:
        """The documents of the index."""
        known = (
            KnownDocument(
                found.id,
                found.source.title,
                found.source.publisher,
                found.source.date,
                found.source.kind,
                found.source.url,
                status_line(found.source),
                found.sha256,
                len(found.text),
            )
            for found in self.service.assistant.library.documents
        )
        return RootModel(KnownDocuments(tuple(known)))

    def verify(self, sha256: Hash, start: Start, end: End) -> RootModel[Quote]:
        """The words at a place."""
        library = self.service.assistant.library
        document = library.document(sha256)
        if document is None:
            raise ToolError("Aucun document indexé n’a cette empreinte : ce n’est pas, ou plus, un texte d’ici.")
        try:
            return RootModel(library.quote(document, Span(start, end)))
        except ValueError as error:
            raise ToolError(
                typeset(
                    f"Il n’y a pas de mots de {start} à {end} : ce document compte {len(document.text)} caractères, "
                    "et « start » est inférieur à « end »."
                )
            ) from error


def build_mcp(service: Service) -> MCPServer:
    """The server, to be run on any transport."""
    server: MCPServer = MCPServer(
        "motamot", title=phrases.PAGE_TITLE, instructions=RULES, version=version("motamot"), log_level="WARNING"
    )
    tools = Tools(service)
    server.add_tool(tools.ask, "poser_une_question", "Poser une question", ASK, _READS)
    server.add_tool(tools.documents, "lister_les_documents", "Lister les documents", DOCUMENTS, _READS)
    server.add_tool(tools.verify, "verifier_une_citation", "Vérifier une citation", VERIFY, _READS)
    return server
