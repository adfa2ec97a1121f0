"""The command ``motamot``: every message to a person is in French; exit code 0 answered, 1 refused, 2 error."""

import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from typer.exceptions import TyperException

from bot import cli_index, cli_journal, cli_output, cli_workshop
from bot.answer import Kind
from bot.cli_output import CollectionOption, CorpusOption, FrenchTyper, IndexOption, JsonOption, complaint
from bot.logs import configure_logs, say
from bot.settings import read_log_format, read_settings
from corpus.errors import MotamotError, SettingsError, reason

ANSWERED, REFUSED, FAILED = 0, 1, 2

app = FrenchTyper(
    help="Répond aux questions en citant les textes mot pour mot, ou dit qu’il ne sait pas.",
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(cli_journal.app, name="journal")
app.add_typer(cli_workshop.phrase, name="phrase")
app.command("atelier")(cli_workshop.workshop)
commands = (cli_workshop.misses, cli_workshop.update, cli_workshop.watch, cli_workshop.check, cli_workshop.publish)
for twin in commands:
    app.command()(twin)


def main() -> None:
    """Run the command; errors that a person can mend are one line of French on standard error."""
    try:
        sys.exit(app(prog_name="motamot", standalone_mode=False))
    except TyperException as error:
        print(complaint(error), file=sys.stderr)
        sys.exit(error.exit_code)
    except MotamotError as error:
        say(f"Erreur : {error}", logging.ERROR)
        sys.exit(FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of a pipe went away: nothing more to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(metavar="ADRESSE", help="Adresse d’écoute.")] = None,
    port: Annotated[int | None, typer.Option(metavar="PORT", help="Port d’écoute.")] = None,
    root_path: Annotated[
        str | None, typer.Option(metavar="PRÉFIXE", help="Préfixe derrière un serveur mandataire.")
    ] = None,
    frame_ancestors: Annotated[
        str | None, typer.Option(metavar="SITES", help="Sites qui peuvent afficher le service dans leurs pages.")
    ] = None,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="N", help="Nombre de processus qui répondent.")] = 1,
) -> None:
    """Ouvrir la page de questions (construit l’index si besoin)."""
    configure_logs(read_log_format())
    # As Ctrl+C does: what is open is closed. While it serves, the server lets the open answers finish first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(ANSWERED))
    given: dict[str, object] = {"host": host, "port": port, "root_path": root_path, "frame_ancestors": frame_ancestors}
    given |= {"corpus": corpus, "index": index}
    settings = read_settings(**given)  # type: ignore[arg-type]
    from bot.site import listen, run, serve_site, work  # a second of import, for this command only

    try:  # before the seconds that the encoder takes, not after
        listen(settings.host, settings.port).close()
    except OSError as error:
        raise SettingsError(
            f"On ne peut pas écouter sur {settings.host}:{settings.port} ({reason(error)}) : choisissez un autre port "
            "avec « --port »."
        ) from error
    address = f"http://{settings.host}:{settings.port}{settings.root_path}/ (Ctrl+C pour arrêter)"
    try:
        if workers == 1:
            serve_site(settings, given, lambda: say(f"La page de questions est ouverte : {address}"))
        else:
            cli_index.open_searcher(settings, publish=True)  # built once, where it must be
            listener = listen(settings.host, settings.port)
            say(f"{workers} processus répondent sur {address}")
            run(work, workers, listener, given)
    finally:
        if not isinstance(sys.exception(), MotamotError):  # which is said alone
            say("Le service est arrêté.")


@app.command()
def mcp(corpus: CorpusOption = None, index: IndexOption = None, collection: CollectionOption = "") -> None:
    """Servir les mêmes réponses à un agent (MCP).

    Par le Model Context Protocol, sur l’entrée et la sortie standard.
    """
    from bot.mcp_server import build_mcp
    from bot.service import Service

    configure_logs(read_log_format())
    settings = read_settings(collection, corpus=corpus, index=index)
    with cli_index.kept_journal(settings) as book:
        assistant = cli_index.open_live(settings)
        with assistant.watched():
            build_mcp(Service(assistant, book)).run("stdio")


@app.command()
def ask(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="La question, entre guillemets.")],
    as_json: JsonOption = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    collection: CollectionOption = "",
) -> None:
    """Répondre à une question.

    Code de sortie 0 : réponse, 1 : je ne sais pas, 2 : erreur.
    """
    answer = cli_index.open_assistant(read_settings(collection, corpus=corpus, index=index)).ask(question)
    if as_json:
        cli_output.show_json(answer.to_json())
    else:
        cli_output.show_answer(Console(), answer)
    raise typer.Exit(REFUSED if answer.kind == Kind.REFUSE else ANSWERED)


@app.command()
def batch(
    questions: Annotated[Path, typer.Argument(metavar="IN.jsonl", help='Lignes {"id", "turns"}.')],
    corpus: CorpusOption = None,
    index: IndexOption = None,
    collection: CollectionOption = "",
) -> None:
    """Répondre à un fichier de questions.

    Une ligne JSON {"id", "answer"} par question.
    """
    from bot.evaluation.questions import read_batch

    asked = read_batch(questions)
    assistant = cli_index.open_assistant(read_settings(collection, corpus=corpus, index=index))
    for id_, turns in asked:
        answer = assistant.ask(turns[-1], turns[:-1])
        print(json.dumps({"id": id_, "answer": answer.to_json()}, ensure_ascii=False), flush=True)


@app.command()
def build(
    corpus: CorpusOption = None,
    index: IndexOption = None,
    collection: CollectionOption = "",
    max_error: Annotated[
        float | None,
        typer.Option(metavar="PART", help="Part admise de réponses à des questions hors sujet (0.05 = 5 %)."),
    ] = None,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss",
            help="Remplacer l’index même par celui d’un autre corpus, ou par un qui a bien moins d’entrées.",
        ),
    ] = False,
    processes: Annotated[int, typer.Option(min=1, metavar="N", help="Nombre de processus qui encodent.")] = 1,
    ray: Annotated[
        str | None, typer.Option(metavar="ADRESSE", help="Encoder sur les machines de cette grappe Ray (« auto »).")
    ] = None,
) -> None:
    """Lire le corpus et construire l’index."""
    settings = read_settings(collection, corpus=corpus, index=index, max_error=max_error)
    cli_index.build_index(
        settings, cli_index.load_encoder(settings), accept_loss=accept_loss, processes=processes, ray=ray
    )


@app.command()
def rollback(corpus: CorpusOption = None, index: IndexOption = None, collection: CollectionOption = "") -> None:
    """Remettre en service l’index précédent.

    Un serveur ouvert le reprend de lui-même.
    """
    manifest = read_settings(collection, corpus=corpus, index=index).home.rollback()
    say(
        f"L’index construit le {manifest.built} est de nouveau en service. Il ne sera reconstruit que si le corpus "
        "change, ou par « motamot build »."
    )


@app.command()
def fetch(corpus: CorpusOption = None) -> None:
    """Télécharger les documents du catalogue qui ont une adresse."""
    from corpus.catalogue import read_catalogue
    from corpus.errors import CorpusError
    from corpus.fetch import fetch as download

    folder, failed = read_settings(corpus=corpus).corpus, False
    sources = [source for source in read_catalogue(folder) if source.url]
    if not sources:
        say("Aucun document du catalogue n’a d’adresse à télécharger.")
    for source in sources:
        try:
            with cli_index.progress(f"Téléchargement de « {source.id} »", unit_bytes=True) as advance:
                got = download(source, folder, on_progress=advance)
            say(f"« {source.title} » : {got.path.name}, {got.size} octets, SHA-256 {got.sha256}")
        except CorpusError as error:
            failed = True
            say(str(error))
    raise typer.Exit(FAILED if failed else ANSWERED)


@app.command()
def inspect(
    document: Annotated[
        str, typer.Argument(metavar="DOCUMENT", help="Identifiant du document dans le catalogue, ou fichier.")
    ],
    corpus: CorpusOption = None,
    as_json: JsonOption = False,
    report_file: Annotated[
        Path | None,
        typer.Option("--report", metavar="OUT.html", help="Écrire aussi une image de chaque page, annotée, en HTML."),
    ] = None,
) -> None:
    """Montrer ce qui a été compris d’un document.

    Ses questions, ses parties, ses passages.
    """
    from corpus.read import find_document
    from corpus.split.split import split

    found, path = find_document(document, read_settings(corpus=corpus).corpus)
    entries = split(found)
    if report_file:
        from bot.evaluation.run_file import write_text
        from bot.understood import report

        write_text(report_file, report(found, entries, path))
    if as_json:
        cli_output.show_json(cli_output.entries_to_json(found, entries))
    else:
        cli_output.show_entries(Console(), found, entries)


@app.command()
def evaluate(
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS", help="Fichier .jsonl, .csv ou .xlsx.")],
    report_file: Annotated[
        Path | None, typer.Option("--report", metavar="OUT.html", help="Écrire aussi un rapport HTML.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="RUN.json", help="Enregistrer l’évaluation, pour une comparaison.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", metavar="RUN.json", help="Comparer à une évaluation enregistrée.")
    ] = None,
    min_hit: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="TAUX", help="Code de sortie 1 si le taux de réussite est plus bas (0.9 = 90 %)."
        ),
    ] = 0.0,
    max_error: Annotated[
        float | None,
        typer.Option(metavar="PART", help="Essayer une autre part admise d’erreurs, sans reconstruire l’index."),
    ] = None,
    as_json: JsonOption = False,
    corpus: CorpusOption = None,
    index: IndexOption = None,
    collection: CollectionOption = "",
) -> None:
    """Mesurer les réponses sur des questions connues.

    Un fichier de questions dont on connaît la réponse.
    """
    from bot.evaluation import command, words

    read_settings(collection, corpus=corpus, index=index, max_error=max_error)  # which judges the rate
    hit_rate = command.run(
        questions,
        read_settings(collection, corpus=corpus, index=index),
        report=report_file,
        save=save,
        earlier=compare,
        max_error=max_error,
        as_json=as_json,
    )
    if shortfall := words.shortfall(hit_rate, min_hit):
        say(shortfall)
        raise typer.Exit(REFUSED)


@app.command()
def init(folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Dossier à créer.")]) -> None:
    """Créer un corpus à remplir.

    Catalogue, documents, lexique, autres façons de demander.
    """
    from corpus.catalogue import create_corpus

    for path in create_corpus(folder):
        cli_output.show_line(Console(), f"créé : {path}")
    cli_output.show_line(Console(), f"Essayez : motamot serve --corpus {folder}")


@app.command()
def doctor(
    corpus: CorpusOption = None,
    index: IndexOption = None,
    collection: CollectionOption = "",
    as_json: JsonOption = False,
) -> None:
    """Vérifier l’installation, et dire que faire.

    Bibliothèques, réglages, place sur le disque, documents, modèle, index, journal, port, horloge. Code de sortie
    0 : il répond (avec ou sans point d’attention), 2 : une erreur l’en empêche.
    """
    from bot.doctor import Level, examine, findings_to_json, worst

    findings = examine(corpus, index, collection)
    if as_json:
        cli_output.show_json(findings_to_json(findings))
    else:
        cli_output.show_findings(Console(soft_wrap=True), findings)
    raise typer.Exit(FAILED if worst(findings) is Level.ERROR else ANSWERED)
