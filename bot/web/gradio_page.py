"""The chat page: the only module that knows Gradio, its page and its calls."""

import asyncio
import json
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import phrases
from bot.answer import Kind
from bot.logs import DiscreetTraceback, report_failure
from bot.service import MAX_QUESTION, Service, readable
from bot.web.branding import Branding
from bot.web.conversations import Conversation, Conversations, Turn
from bot.web.render import (
    TEMPLATES,
    answer_html,
    greeting_html,
    notice_html,
    proof_against_markdown,
    question_html,
)
from bot.web.responses import problem
from bot.web.security import content_policy, local_path
from corpus.errors import MotamotError

LOG = logging.getLogger(__name__)

# Gradio prints what it refuses, with the values that it was sent: that may be a question.
for _module in (gr.routes, gr.route_utils, gr.queueing):
    _module.traceback = DiscreetTraceback(LOG)  # type: ignore[attr-defined]  # mypy knows modules by their stubs

KEY = "motamot-page-key"
"""Stands in the page where each visitor's own secret is written when it is served: see ``PageMender``."""

ChatMessage = dict[str, str]
"""``{"role": …, "content": …}``, as Gradio wants it."""


class Chat:
    """The handlers of the page: they never raise, because Gradio would speak English in their place."""

    def __init__(self, service: Service, visits: Conversations | None = None) -> None:
        self.service = service
        self.visits = Conversations() if visits is None else visits

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
            reply = self.service.reply(question.strip(), history)
            # A greeting says nothing that a later question could refer to.
            html = answer_html(reply.answer, history, contact=self.service.contact, reference=reply.reference)
            return Turn(question, html, understood=reply.answer.kind is not Kind.SMALLTALK)
        except MotamotError as error:
            return Turn(question, notice_html(str(error), phrases.RETRY, [question]), understood=False)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, the visitor must read French and be able to go on; the log gets the
            # trace without the question, which is written nowhere.
            report_failure(LOG, "a question could not be answered", error)
            return Turn(question, notice_html(phrases.FAILED, phrases.RETRY, [question]), understood=False)

    def start_over(self, key: str | None) -> list[ChatMessage]:
        """A new conversation, with its greeting."""
        self.visits.forget(key)
        return self.messages(Conversation())

    def messages(self, conversation: Conversation) -> list[ChatMessage]:
        """The whole conversation as Gradio wants it."""
        messages = [_message("assistant", self.greeting())]
        for turn in conversation.turns:
            messages += [_message("user", question_html(turn.question)), _message("assistant", turn.reply)]
        return messages

    def greeting(self) -> str:
        """What the assistant knows now: it may have been rebuilt since the server started."""
        try:
            return greeting_html(self.service.about(), self.service.journal_days)
        except Exception as error:  # noqa: BLE001  as above
            report_failure(LOG, "the greeting could not be written", error)
            return notice_html(phrases.FAILED)


def _message(role: str, html: str) -> ChatMessage:
    return {"role": role, "content": proof_against_markdown(html)}


def build_chat(service: Service) -> gr.Blocks:
    """The page, to be mounted: its style and script come from the server."""
    chat = Chat(service)
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


def mount_chat(app: FastAPI, service: Service, root_path: str) -> gr.routes.App:
    """Put the chat at the root of ``app``, with all that Gradio would add turned off; returns its own app."""

    async def within_a_loop() -> None:
        _mount(app, service, root_path)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        # Without a running loop, Gradio would make several and leave them open.
        asyncio.run(within_a_loop())
    else:
        _mount(app, service, root_path)
    mounted = (getattr(route, "app", None) for route in app.routes)
    [chat] = [own for own in mounted if isinstance(own, gr.routes.App)]
    return chat


def _mount(app: FastAPI, service: Service, root_path: str) -> None:
    gr.mount_gradio_app(
        app,
        build_chat(service),
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


OWN_HEAD = f"""
<title>{escape(phrases.PAGE_TITLE)}</title>
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="motamot/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="motamot/chat.css">
<link rel="stylesheet" href="motamot/theme.css">
<link rel="stylesheet" href="motamot/proof.css">
<script src="motamot/quote.js" defer></script>
<script src="motamot/chat.js" defer data-conversation="{escape(phrases.CONVERSATION)}"
 data-searching="{escape(phrases.SEARCHING)}"
 data-unreachable="{escape(phrases.UNREACHABLE)}" data-too-large="{escape(phrases.TOO_LARGE)}"
 data-too-many="{escape(phrases.TOO_MANY)}" data-asked="{escape(phrases.YOU_ASKED)}"
 data-queued="{escape(phrases.QUEUED)}" data-unsent="{escape(phrases.UNSENT)}"
 data-resend="{escape(phrases.SEND_AGAIN)}" data-edit="{escape(phrases.EDIT)}"
 data-unreachable-held="{escape(phrases.PANEL_OFFLINE)}" data-too-large-held="{escape(phrases.PANEL_TOO_LARGE)}"
 data-too-many-held="{escape(phrases.PANEL_TOO_MANY)}" data-overloaded="{escape(phrases.OVERLOADED_KEPT)}"
 data-overloaded-held="{escape(phrases.PANEL_OVERLOADED)}"></script>
"""

OWN_BODY = f"<noscript><p>{escape(phrases.NO_SCRIPT)}</p></noscript>"

SOCIAL_METAS = re.compile(r"""<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*""")
FOREIGN_LINKS = re.compile(r"""<link\s[^>]*?rel="(?:manifest|icon|shortcut icon|apple-touch-icon)"[^>]*>""")


def mend(html: str, nonce: str, branding: Branding, feedback: bool = False) -> str:
    """Gradio's page with the language, the head and the nonce of its inline scripts put right."""
    html = FOREIGN_LINKS.sub("", SOCIAL_METAS.sub("", html))
    html = html.replace(KEY, secrets.token_urlsafe(16))
    html = re.sub(r"<html\s+lang=\"en\"", '<html lang="fr"', html, count=1)
    html = re.sub(r"<script(?=[\s>])(?![^>]*\ssrc=)", f'<script nonce="{nonce}"', html)
    own = '<link rel="stylesheet" href="motamot/own.css">\n' if branding.style else ""
    if feedback:
        own += _part("feedback_head.html", branding)
    html = html.replace("</head>", f"{OWN_HEAD}{own}</head>", 1)
    before, after = (_part(name, branding) for name in ("brand.html", "footer.html"))
    html = re.sub(r"(<body[^>]*>)", lambda tag: tag[1] + OWN_BODY + before, html, count=1)
    return html.replace("</body>", f"{after}</body>", 1)


def _part(template: str, branding: Branding) -> str:
    """A part that this page shares with those of ours."""
    return TEMPLATES.get_template(template).render(branding=branding, base="")


class PageMender:
    """ASGI middleware that mends the page served at ``/`` and leaves everything else alone."""

    def __init__(self, app: ASGIApp, branding: Branding, feedback: bool = False) -> None:
        self.app = app
        self.branding = branding
        self.feedback = feedback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or local_path(scope) != "/":
            await self.app(scope, receive, send)
            return
        # Uncompressed: it is read here. The proxy in front compresses again if it wants to.
        kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body":
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    await self.send_mended(start, body, send)
            else:  # an extension, such as the one that Starlette's test client reads templates by
                await send(message)

        await self.app({**scope, "headers": kept}, receive, collect)

    async def send_mended(self, start: Message, body: bytes, send: Send) -> None:
        """The response, mended when it is the page."""
        headers = MutableHeaders(scope=start)
        if headers.get("content-type", "").startswith("text/html"):
            nonce = secrets.token_urlsafe(16)
            body = mend(body.decode(), nonce, self.branding, self.feedback).encode()
            headers["Content-Length"] = str(len(body))
            headers["Content-Security-Policy"] = content_policy(nonce, self.branding.frame_ancestors)
            headers["Cache-Control"] = "no-store"
        await send(start)
        await send({"type": "http.response.body", "body": body})


PREDICT = "/gradio_api/run/predict"
_REWRITTEN = frozenset({b"content-type", b"content-length", b"content-encoding", b"transfer-encoding"})


class ChatDoor:
    """ASGI middleware that rewrites the calls of the chat page from the two fields that it needs.

    Gradio keeps in memory, without limit or end, what comes with the names of sessions and events that a caller
    chooses; and it answers in English, with a trace in the log, what it does not expect. Neither gets in.

    Args:
        app: What it stands before.
        functions: Number of each function of the page, and how many values it takes.
    """

    def __init__(self, app: ASGIApp, functions: Mapping[int, int]) -> None:
        self.app = app
        self.functions = functions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or local_path(scope) != PREDICT:
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        call = self.read(await request.body()) if is_json(request.headers) else None
        if call is None:
            await problem(422, phrases.FOREIGN_CALL)(scope, receive, send)
            return
        body = json.dumps(call).encode()
        headers = [(name, value) for name, value in scope["headers"] if name not in _REWRITTEN]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        rewritten: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return rewritten.pop() if rewritten else await receive()

        await self.app({**scope, "headers": headers}, replay, send)

    def read(self, body: bytes) -> dict[str, Any] | None:
        """The call, or None when it is none of the page's."""
        try:
            call = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(call, dict):
            return None
        number, data = call.get("fn_index"), call.get("data")
        # True is a number to Python.
        if type(number) is not int or not isinstance(data, list) or self.functions.get(number) != len(data):
            return None
        if not all(value is None or isinstance(value, str) for value in data):
            return None
        return {"fn_index": number, "data": [value and readable(value) for value in data]}


def is_json(headers: Headers) -> bool:
    """Whether a body says that it is JSON: the form of another site cannot."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
