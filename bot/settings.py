"""Settings: ``motamot.toml``, then ``MOTAMOT_*`` variables, then the command line, the last one winning."""

import hashlib
import os
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

import corpus
from corpus.errors import SettingsError
from index.defaults import MAX_ERROR
from index.home import data_home

_FILE = "motamot.toml"

_EXPECTED = {
    "corpus": "un dossier",
    "index": "un dossier",
    "encoder": "le dossier d’un modèle",
    "host": "une adresse comme 127.0.0.1",
    "port": "un nombre entier de 1 à 65535",
    "root_path": "un préfixe comme /assistant",
    "max_error": "un nombre entre 0 et 1, comme 0.08",
}
"""What each key wants, for the message that says what is wrong."""


class Settings(BaseSettings):
    """What an operator may set; every key is also a variable: ``port`` is ``MOTAMOT_PORT``."""

    model_config = SettingsConfigDict(env_prefix="MOTAMOT_", extra="forbid")

    corpus: Path = Path(corpus.__file__).parent
    """Folder with ``catalogue.toml`` and ``documents``."""
    index: Path | None = None
    """Folder of the built index; by default one for each corpus in the data directory."""
    encoder: str | None = None
    """Folder of a sentence-transformers model that replaces the one that comes with pip."""
    host: str = "127.0.0.1"
    port: int = Field(default=7860, ge=1, le=65535)
    root_path: str = ""
    """Prefix under which a reverse proxy publishes the pages."""
    max_error: float = Field(default=MAX_ERROR, gt=0, lt=1)
    """Share of the questions without an answer that may be given one; it sets the threshold of refusal."""

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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=_file())

    @property
    def index_folder(self) -> Path:
        """Where the index of this corpus lives."""
        if self.index is not None:
            return self.index
        mark = hashlib.sha256(str(self.corpus.resolve()).encode()).hexdigest()[:12]
        return data_home() / "indexes" / mark


def _file() -> Path:
    return Path(os.environ.get("MOTAMOT_CONFIG") or _FILE)


def read_settings(**given: object) -> Settings:
    """Settings in force; ``given`` are those of the command line, None when not given.

    Raises:
        SettingsError: A value is not of the form expected; the message names the key and the value.
    """
    path = _file()
    if os.environ.get("MOTAMOT_CONFIG") and not path.is_file():
        raise SettingsError(f"MOTAMOT_CONFIG désigne « {path} », qui n’existe pas : corrigez cette variable.")
    try:
        settings = Settings(**{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if key not in _EXPECTED:
            raise SettingsError(
                f"« {path} » : clé inconnue « {key} » ; clés admises : {', '.join(_EXPECTED)}."
            ) from error
        raise SettingsError(
            f"Réglage « {key} » : la valeur {first.get('input')!r} ne convient pas, est attendu : {_EXPECTED[key]} ; "
            f"corrigez-la dans « {path} », dans la variable MOTAMOT_{key.upper()} ou sur la ligne de commande."
        ) from error
    except ValueError as error:
        raise SettingsError(f"« {path} » n’est pas un fichier TOML valable ({error}).") from error
    if not (settings.corpus / "catalogue.toml").is_file():
        raise SettingsError(
            f"« {settings.corpus} » n’est pas un dossier de corpus : il n’y a pas de « catalogue.toml ». "
            "Créez-en un avec « motamot init DOSSIER », ou corrigez « --corpus »."
        )
    return settings
