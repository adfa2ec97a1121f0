"""Settings: ``motamot.toml``, then ``MOTAMOT_*`` variables, then the command line, the last one winning."""

import hashlib
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, ValidationError
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

import corpus
from bot.collection import ONE_LINE, CollectionTable, NamedPath, distinct, read_networks
from bot.logs import LogFormat
from bot.web.branding import check_theme, read_frame_ancestors
from corpus.errors import SettingsError, reason
from corpus.toml_file import TomlError, read_toml
from index import MAX_ERROR, data_home
from index.versions import corpus_in, remembered

if TYPE_CHECKING:
    from index.store import Store

_FILE = "motamot.toml"
_IN_DATABASE = "motamot"
"""Name of the index in a database, where there are no collections."""
PREFIX = "MOTAMOT_"
"""Of the variables that set the same."""

LOOPBACK = ("127.0.0.1", "::1")
"""A proxy on the machine of the service is trusted: it is the usual one, and nobody else can speak from there."""
NO_LIMIT = "non"
_RATE = rf"^({NO_LIMIT}|[1-9][0-9]{{0,5}}/(second|minute|hour|day))$"
"""A setting such as ``60/minute``."""
_HOST = r"^[A-Za-z0-9.:_%-]+$"
_ROOT_PATH = r"^(/[A-Za-z0-9._~-]+)*/?$"

EXPECTED = {
    "corpus": "un dossier",
    "index": "un dossier",
    "store": "l’adresse d’une base PostgreSQL, comme postgresql://motamot@localhost/motamot",
    "encoder": "le dossier d’un modèle",
    "host": "une adresse comme 127.0.0.1",
    "port": "un nombre entier de 1 à 65535",
    "root_path": "un préfixe comme /assistant",
    "max_error": "un nombre entre 0 et 1, comme 0.10",
    "frame_ancestors": "les adresses des sites qui peuvent afficher le service dans leurs pages, sans chemin et "
    "séparées par des espaces, comme https://intranet.exemple.fr (chaque site est à nommer : « * » n’est pas admis)",
    "theme": "un dossier",
    "title": "un titre, sur une ligne",
    "operator": "le nom de l’organisme, sur une ligne",
    "journal": "true ou false",
    "journal_file": "un fichier",
    "journal_days": "un nombre de jours de 1 à 3650",
    "rate_limit": "un nombre de demandes par durée, comme 60/minute (second, minute, hour ou day), ou « non »",
    "trusted_proxies": "les adresses des serveurs mandataires, séparées par des espaces, comme 127.0.0.1 10.0.0.0/8",
    "metrics": "« local » (cette machine), « tous » ou « non »",
    "log_format": "« texte » ou « json »",
    "contact": "une adresse de courriel, un numéro de téléphone ou un service, sur une ligne",
    "collection": "des tables [[collection]] de noms distincts",
}
"""What each key wants, for the message that says what is wrong."""

_OF_COLLECTION = ("corpus", "title", "operator", "contact", "theme", "frame_ancestors", "max_error")
"""What a collection may have of its own."""

_EXPECTED_OF_TABLE = {
    "name": "un nom court en minuscules, chiffres et tirets, comme montbrun ; deux collections n’ont pas le même",
    **{key: EXPECTED[key] for key in (*_OF_COLLECTION, "index")},
    "networks": "les adresses de ceux qui peuvent la voir, comme 10.0.0.0/8",
    "header": "le nom d’un en-tête que pose un serveur mandataire de confiance, comme X-Auth-Request-Groups",
    "values": "les valeurs de cet en-tête qui donnent accès, une liste de textes",
}
"""The same for a table ``[[collection]]``."""

_VARIABLES = frozenset(f"{PREFIX}{key}" for key in ("HOME", "CONFIG", "READING_MEMORY", *map(str.upper, EXPECTED)))
_NEARLY = 0.87
"""difflib ratio from which a variable is one of ours, mistyped: one letter in twelve or so."""


def _number(value: object) -> object:
    """What may be a number: ``true`` is none, though Python takes it for 1."""
    if isinstance(value, bool):
        raise ValueError("a number is wanted")
    return value


Number = Annotated[int, BeforeValidator(_number)]
MetricsFor = Literal["local", "tous", "non"]
"""Who may read the counters: programs of this machine, everybody, nobody."""


class Settings(BaseSettings):
    """What an operator may set; every key is also a variable: ``port`` is ``MOTAMOT_PORT``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", env_ignore_empty=True)

    corpus: NamedPath = Path(corpus.__file__).parent
    """Folder with ``catalogue.toml`` and ``documents``."""
    index: NamedPath | None = None
    """Folder of the built index; by default one for each corpus in the data directory."""
    store: str | None = Field(default=None, pattern=r"^postgres(ql)?://\S+$")
    """Address of a PostgreSQL database that holds the index instead of a folder."""
    encoder: str | None = None
    """Folder of a sentence-transformers model that replaces the one that comes with pip."""
    host: str = Field(default="127.0.0.1", pattern=_HOST)
    port: Number = Field(default=7860, ge=1, le=65535)
    root_path: str = Field(default="", pattern=_ROOT_PATH)
    """Prefix under which a reverse proxy publishes the pages."""
    max_error: float = Field(default=MAX_ERROR, gt=0, lt=1)
    """Share of the questions without an answer that may be given one; it sets the threshold of refusal."""

    frame_ancestors: Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_frame_ancestors)] = ()
    """Sites that may show the pages inside theirs, besides the one that publishes them."""
    theme: NamedPath | None = None
    """Folder with the operator's colours (``theme.css``) and logo (``logo.svg`` or ``logo.png``)."""
    title: str = Field(default="", max_length=200, pattern=ONE_LINE)
    """Of the pages, in place of the usual one."""
    operator: str = Field(default="", max_length=200, pattern=ONE_LINE)
    """Name of the organisation that answers for the service."""
    contact: str = Field(default="", max_length=200, pattern=ONE_LINE)
    """Whom to ask when the texts do not answer; shown with every refusal."""

    journal: bool = False
    """Whether questions are written down, masked; what was written before stays ``journal_days`` all the same."""
    journal_file: NamedPath | None = None
    """Where; by default one for each index in the data directory."""
    journal_days: Number = Field(default=90, ge=1, le=3650)
    """How long."""
    rate_limit: str = Field(default="60/minute", pattern=_RATE)
    """Questions that one client may send; ``non`` for no limit."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(read_networks)] = LOOPBACK
    """Addresses and networks whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` are believed."""
    metrics: MetricsFor = "local"
    log_format: LogFormat = "texte"
    """Of what is logged on standard error."""

    collection: Annotated[tuple[CollectionTable, ...], AfterValidator(distinct)] = ()
    """Corpora of their own beside this one, which answers in all of them."""
    _within: str = PrivateAttr(default="")
    _service: "Settings | None" = PrivateAttr(default=None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic names it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  pydantic names it
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, then environment, then the file."""
        path = config_file()
        content = read_toml(path) if path.is_file() else {}
        return init_settings, env_settings, InitSettingsSource(settings_cls, content)

    @property
    def index_folder(self) -> Path:
        """Where the index of this corpus lives."""
        if self.index is not None:
            return self.index
        return data_home() / "indexes" / _mark(self.corpus)

    @property
    def within(self) -> str:
        """The collection that these settings are of; empty for the service itself."""
        return self._within

    @property
    def service(self) -> "Settings | None":
        """Of a collection, the settings of the service, whose texts answer there too."""
        return self._service

    @property
    def home(self) -> "Store":
        """Where the index of this corpus lives, be it that folder."""
        from index.store import FolderStore, database_store  # which load FAISS: settings alone need not wait for it

        return (
            database_store(self.store, self._within or _IN_DATABASE) if self.store else FolderStore(self.index_folder)
        )

    def of(self, collection: str) -> "Settings":
        """Those of one collection: what it does not say itself is that of the service; "" for the service itself.

        Raises:
            SettingsError: There is none of this name.
        """
        if not collection:
            return self
        table = next((each for each in self.collection if each.name == collection), None)
        if table is None:
            known = ", ".join(f"« {each.name} »" for each in self.collection) or "aucune"
            raise SettingsError(f"Il n’y a pas de collection « {collection} » ; sont réglées : {known}.")
        own = {key: value for key in _OF_COLLECTION if (value := getattr(table, key)) is not None}
        found = self.model_copy(update={**own, "index": table.index})
        found._within, found._service = table.name, self
        return found

    @property
    def journal_path(self) -> Path:
        """Where the journal of this site is, when there is one."""
        if self.journal_file is not None:
            return self.journal_file
        return data_home() / "journals" / f"{_mark(self.index or self.corpus)}.sqlite3"

    @property
    def shared_journal(self) -> Path | None:
        """Where the journal of all sites was before each had its own; None where this one's place is chosen."""
        return None if self.journal_file else data_home() / "journal.sqlite3"


def _mark(folder: Path) -> str:
    return hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:12]


def read_settings(collection: str = "", **given: object) -> Settings:
    """Settings in force; ``given`` are those of the command line, None when not given.

    Of a collection, where one is chosen.

    Raises:
        SettingsError: A value is not of the form expected, or a name is not one of ours; the message names the
            key, the value, where it stands and what was expected.
    """
    path = config_file()
    if os.environ.get("MOTAMOT_CONFIG") and not path.is_file():
        raise SettingsError(f"MOTAMOT_CONFIG désigne « {path} », qui n’existe pas : corrigez cette variable.")
    for name in foreign_variables():
        if close := get_close_matches(name, _VARIABLES, n=1, cutoff=_NEARLY):
            raise SettingsError(f"Variable inconnue « {name} » ; vouliez-vous dire « {close[0]} » ?")
    chosen = {key: value for key, value in given.items() if value is not None}
    try:
        settings = Settings(**chosen)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = [_explained(each["loc"], each["input"], chosen) for each in error.errors()]
        raise SettingsError(" ".join(dict.fromkeys(wrong))) from error
    except TomlError as error:
        raise SettingsError(str(error)) from error
    except OSError as error:
        raise SettingsError(f"« {path} » ne peut pas être lu ({reason(error)}) : vérifiez ses droits.") from error
    settings = _with_corpus_of_index(settings).of(collection)
    check_theme(settings.theme)
    if not (settings.corpus / "catalogue.toml").is_file():
        raise SettingsError(
            f"« {settings.corpus} » n’est pas un dossier de corpus : il n’y a pas de « catalogue.toml ». "
            f"Créez-en un avec « motamot init DOSSIER », ou corrigez « corpus » {_where('corpus', chosen)}."
        )
    return settings


def _with_corpus_of_index(settings: Settings) -> Settings:
    """Where an index is chosen and no corpus, the corpus that the index was built from."""
    if settings.index is None or "corpus" in settings.model_fields_set:
        return settings
    built = corpus_in(remembered(settings.index))
    if built is None or not (built / "catalogue.toml").is_file():
        return settings
    return settings.model_copy(update={"corpus": built})


def own_variables() -> list[str]:
    """Variables of the environment that we read."""
    return sorted(name for name in os.environ if name.upper() in _VARIABLES)


def foreign_variables() -> list[str]:
    """Variables of the environment that look like ours and are not: nobody reads them."""
    return sorted(name for name in map(str.upper, os.environ) if name.startswith(PREFIX) and name not in _VARIABLES)


def _explained(place: tuple[int | str, ...], value: object, chosen: Mapping[str, object]) -> str:
    key = str(place[0])
    if len(place) > 2 and key == "collection":
        return f"{place_of(key)} : {_explained_in_table(int(place[1]), str(place[2]), value)}"
    if key not in EXPECTED:
        close = get_close_matches(key, EXPECTED, n=1, cutoff=0.6)
        hint = f"vouliez-vous dire « {close[0]} » ?" if close else f"clés admises : {', '.join(EXPECTED)}."
        return f"{place_of(key)} : clé inconnue « {key} » ; {hint}"
    if key == "store" and "@" in str(value):
        value = "…"  # it may hold a password
    return (
        f"Réglage « {key} » : la valeur {value!r} ne convient pas, est attendu : {EXPECTED[key]} ; "
        f"corrigez-la {_where(key, chosen)}."
    )


def _explained_in_table(number: int, key: str, value: object) -> str:
    """What is wrong in a table ``[[collection]]``, by its number from 0."""
    where = f"[[collection]] n° {number + 1}"
    if key not in _EXPECTED_OF_TABLE:
        return f"{where} : clé inconnue « {key} » ; clés admises : {', '.join(_EXPECTED_OF_TABLE)}."
    shown = "rien" if isinstance(value, dict) else repr(value)
    return f"{where}, « {key} » : {shown} ne convient pas, est attendu : {_EXPECTED_OF_TABLE[key]}."


def _where(key: str, chosen: Mapping[str, object]) -> str:
    """Where the value of a key comes from: the same order as that of the sources."""
    variable = f"{PREFIX}{key.upper()}"
    if key in chosen:
        return f"sur la ligne de commande (--{key.replace('_', '-')})"
    if any(name.upper() == variable and value for name, value in os.environ.items()):
        return f"dans la variable {variable}"
    return f"dans {place_of(key)}"


def config_file() -> Path:
    """The file of settings, there or not."""
    return Path(os.environ.get("MOTAMOT_CONFIG") or _FILE)


def read_log_format() -> LogFormat:
    """The form of the logs, known before the settings are judged: what is wrong with them is logged too."""
    chosen = os.environ.get(f"{PREFIX}LOG_FORMAT")
    if not chosen:
        try:
            chosen = read_toml(config_file()).get("log_format")
        except (OSError, TomlError):
            chosen = None  # there is none, or read_settings will say what is wrong with it
    return "json" if chosen == "json" else "texte"


def place_of(key: str) -> str:
    """The file of settings, and the line of a key in it, as a message names them."""
    path = config_file()
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError:
        return f"« {path} »"
    starts = re.compile(rf"\s*(\[+\s*)?[\"']?{re.escape(key)}[\"']?\s*[=.\]]")
    number = next((number for number, line in enumerate(lines, 1) if starts.match(line)), None)
    return f"« {path} », ligne {number}" if number else f"« {path} »"
