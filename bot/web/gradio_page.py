"""The chat page: Gradio blocks around one visitor's conversation."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import gradio as gr
from fastapi import FastAPI

from bot import phrases
from bot.answer import Kind
from bot.logs import DiscreetTraceback, report_failure
from bot.service import MAX_QUESTION, Desk, readable
from bot.web.conversations import Conversation, Turn, Visits
from bot.web.render import (
    answer_html,
    greeting_html,
    notice_html,
    proof_against_markdown,
    question_html,
)
from corpus.errors import MotamotError

LOG = logging.getLogger(__name__)

# Gradio prints what it refuses, with the values that it was sent: that may be a question.
for _module in (gr.routes, gr.route_utils, gr.queueing):
    _module.traceback = DiscreetTraceback(LOG)  # type: ignore[attr-defined]  # mypy knows modules by their stubs

KEY = "motamot-page-key"
"""Stands in the page where each visitor's own secret is written when it is served: see ``PageMender``."""

Message = dict[str, str]
"""``{"role": …, "content": …}``, as Gradio wants it."""


class Chat:
    """The handlers of the page: they never raise, because Gradio would speak English in their place."""

    def __init__(self, desk: Desk, visits: Visits | None = None) -> None:
        self.desk = desk
        self.visits = Visits() if visits is None else visits

    def ask(self, question: str, key: str | None) -> Any:
        """Answer, unless there is nothing to answer; returns the messages of the conversation under this key."""
        if not question or not question.strip():
            return gr.skip()
        conversation = self.visits.conversation(key)
        with conversation.lock:
            conversation.add(self.turn(readable(question), conversation.history()))
            self.visits.keep(key, conversation)
            return self.messages(conversation)

    def turn(self, question: str, history: Sequence[str]) -> Turn:
        """One question answered, or a courteous phrase that says why not."""
        if len(question) > MAX_QUESTION:
            return Turn(question, notice_html(phrases.too_long(len(question), MAX_QUESTION)), understood=False)
        try:
            reply = self.desk.reply(question.strip(), history)
            # A greeting says nothing that a later question could refer to.
            html = answer_html(reply.answer, history, contact=self.desk.contact, reference=reply.reference)
            return Turn(question, html, understood=reply.answer.kind is not Kind.SMALLTALK)
        except MotamotError as error:
            return Turn(question, notice_html(str(error), phrases.RETRY, [question]), understood=False)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, the visitor must read French and be able to go on; the log gets the
            # trace without the question, which is written nowhere.
            report_failure(LOG, "a question could not be answered", error)
            return Turn(question, notice_html(phrases.FAILED, phrases.RETRY, [question]), understood=False)

    def start_over(self, key: str | None) -> list[Message]:
        """A new conversation, with its greeting."""
        self.visits.forget(key)
        return self.messages(Conversation())

    def messages(self, conversation: Conversation) -> list[Message]:
        """The whole conversation as Gradio wants it."""
        messages = [_message("assistant", self.greeting())]
        for turn in conversation.turns:
            messages += [_message("user", question_html(turn.question)), _message("assistant", turn.reply)]
        return messages

    def greeting(self) -> str:
        """What the assistant knows now: it may have been rebuilt since the server started."""
        try:
            return greeting_html(self.desk.about(), self.desk.journal_days)
        except Exception as error:  # noqa: BLE001  as above
            report_failure(LOG, "the greeting could not be written", error)
            return notice_html(phrases.FAILED)


def _message(role: str, html: str) -> Message:
    return {"role": role, "content": proof_against_markdown(html)}


def build_chat(desk: Desk) -> gr.Blocks:
    """The page, to be mounted: its style and script come from the server."""
    chat = Chat(desk)
    # queue=False: 13 ms instead of 18 for one visitor, and it works whatever the number of workers.
    # show_progress: Gradio's speaks English; the script of the page says it instead.
    quiet: dict[str, Any] = {
        "queue": False,
        "api_visibility": "private",
        "trigger_mode": "multiple",
        "show_progress": "hidden",
    }
    page = gr.Blocks(title=phrases.PAGE_TITLE, analytics_enabled=False, fill_width=True)
    with page:
        gr.Markdown(f"# {phrases.TITLE}\n\n{phrases.TAGLINE}", elem_id="mm-header")
        log = _chatbot(chat)
        with gr.Row(elem_id="mm-composer"):
            gr.Textbox(
                label=phrases.QUESTION_LABEL,
                placeholder=phrases.QUESTION_HINT,
                lines=1,
                max_lines=6,
                elem_id="mm-typed",
                scale=1,
                min_width=0,
                html_attributes=gr.InputHTMLAttributes(lang="fr", enterkeyhint="send", autocomplete="off"),
            )
            gr.Button(phrases.SEND, variant="primary", elem_id="mm-send", scale=0, min_width=0)
            again = gr.Button(phrases.START_OVER, variant="secondary", elem_id="mm-again", scale=0, min_width=0)
        # The script of the page sends through here what is typed or chosen, one question at a time.
        chosen = gr.Textbox(label=phrases.CHOSEN_QUESTION, visible="hidden", elem_id="mm-chosen")
        # Not in Gradio's own state: whoever knows or guesses the name of a session, which stands in addresses
        # and so in logs, would read the conversation; nor does Gradio ever empty it.
        key = gr.Textbox(KEY, label=phrases.CONVERSATION, visible="hidden", elem_id="mm-key")
        chosen.submit(chat.ask, [chosen, key], log, **quiet)
        again.click(chat.start_over, key, log, **quiet)
    return page


def _chatbot(chat: Chat) -> gr.Chatbot:
    return gr.Chatbot(
        value=list[Any](chat.messages(Conversation())),
        label=phrases.CONVERSATION,
        show_label=False,
        container=False,
        elem_id="mm-log",
        height=None,
        layout="panel",
        autoscroll=False,
        buttons=[],
        feedback_options=None,
        allow_file_downloads=False,
        # With `proof_against_markdown`, what keeps every character of a quote as it is.
        latex_delimiters=[],
        line_breaks=False,
        allow_tags=False,
        sanitize_html=True,
    )


def mount_chat(app: FastAPI, desk: Desk, root_path: str) -> gr.routes.App:
    """Put the chat at the root of ``app``, with all that Gradio would add turned off; returns its own app."""

    async def within_a_loop() -> None:
        _mount(app, desk, root_path)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Without a running loop, Gradio would make several and leave them open.
        asyncio.run(within_a_loop())
    else:
        _mount(app, desk, root_path)
    mounted = (getattr(route, "app", None) for route in app.routes)
    [chat] = [own for own in mounted if isinstance(own, gr.routes.App)]
    return chat


def _mount(app: FastAPI, desk: Desk, root_path: str) -> None:
    gr.mount_gradio_app(
        app,
        build_chat(desk),
        path="/",
        root_path=root_path or None,
        footer_links=[],
        run_history=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        show_error=False,
        max_file_size=1,  # bytes: no page of ours uploads anything
        i18n=gr.I18n(fr=phrases.GRADIO, en=phrases.GRADIO),
        # Named fonts of the system: a theme's own would be files to load.
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    )
