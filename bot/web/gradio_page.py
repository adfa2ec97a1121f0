"""The chat page and its conversation: the only module that knows Gradio.

tests/test_gradio.py lists what it relies on without a promise.
"""

import asyncio
import json
import re
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.types import Message, Receive, Scope, Send

from bot import phrases
from bot.collection import in_force
from bot.logs import report_failure
from bot.service import MAX_HISTORY, MAX_QUESTION, Service, readable
from bot.web.rate_limits import RequestLimits
from bot.web.render import TEMPLATES, answer_html, greeting_html, notice_html, proof_against_markdown, question_html
from bot.web.responses import RefusedError, told
from bot.web.security import content_policy, local_path, replayed
from corpus.errors import MotamotError

ChatMessage = dict[str, str]
"""``{"role": …, "content": …}``, as Gradio wants it."""


class _OnlyWhatIsUsed(MetaPathFinder):
    """Imports ``gradio.component_meta`` so that Gradio does not parse the source of each component again, to write
    type stubs beside it: more than half of its import, 1.9 of 3.5 s of processor. And nothing of ``mcp``, which it
    takes where it is there, for a server of its own that we do not start: 2 of 6.3 s on a busy processor.
    """

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """The usual one, whose module gets an idle function once it is executed."""
        if fullname == "mcp":
            raise ImportError
        if fullname != "gradio.component_meta":
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        loader: Any = spec and spec.loader
        execute = loader.exec_module

        def execute_and_replace(module: Any) -> None:
            execute(module)
            module.create_or_modify_pyi = lambda *_: None

        loader.exec_module = execute_and_replace
        return spec


_used = _OnlyWhatIsUsed()
sys.meta_path.insert(0, _used)
import gradio as gr  # noqa: E402

sys.meta_path.remove(_used)

PREDICT = "/gradio_api/run/predict"
APP_ID = 1
"""Of every process: a page that finds another one after a lost connection loads itself again."""
GREETING = "motamot-page-greeting"
"""Stands in the page where the greeting of the texts at hand is written when it is served."""
TITLE = "motamot-page-title"
"""The same for its title."""

_SOCIAL_METAS = re.compile(r"""<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*""")
_FOREIGN_LINKS = re.compile(r"""<link\s[^>]*?rel="(?:manifest|icon|shortcut icon|apple-touch-icon)"[^>]*>""")
RESIZER = r"<script[^>]*>(?:(?!</script>)[^\0])*iframeResizer\.contentWindow(?:(?!</script>)[^\0])*</script>"
"""A script for frames that no page of ours needs."""
_REWRITTEN = frozenset({b"content-type", b"content-length", b"content-encoding", b"transfer-encoding"})
_NAMED_BY_HASH = re.compile(r"/assets/.*|/theme\.css")
_KEPT = (b"cache-control", b"public, max-age=31536000, immutable")


class Chat:
    """What the page asks for; its methods never raise, because Gradio would speak English in their place.

    Nothing is kept from one call to the next, so that any process may answer any of them. ``admit`` lets a question in
    when its turn comes, or refuses it; ``contact`` says whom to ask when the texts do not answer, at that moment.
    """

    def __init__(
        self,
        service: Service,
        admit: Callable[[Request], AbstractAsyncContextManager[None]],
        contact: Callable[[], str] = str,
    ) -> None:
        self.service = service
        self.admit = admit
        self.contact = contact

    async def ask(self, question: str | None, earlier: str | None, request: Request) -> list[ChatMessage]:
        """The greeting, a question and its answer; ``earlier`` are the questions before it, as JSON."""
        if not question or not question.strip():
            return self.greeting()
        asked = readable(question)
        reply = await self._reply(asked, questions(earlier), request)
        return [*self.greeting(), _message("user", question_html(asked)), _message("assistant", reply)]

    async def _reply(self, question: str, history: tuple[str, ...], request: Request) -> str:
        """What is said to one question: the answer, or a courteous phrase that says why there is none."""
        if len(question) > MAX_QUESTION:
            return notice_html(phrases.too_long(len(question), MAX_QUESTION))
        try:
            async with self.admit(request):
                reply = await run_in_threadpool(self.service.reply, question.strip(), history)
            return answer_html(reply.answer, contact=self.contact(), reference=reply.reference)
        except (MotamotError, RefusedError) as error:
            complaint = told(error)
        except Exception as error:  # noqa: BLE001
            # Whatever it is, the visitor must read French and be able to go on; the log gets the
            # trace without the question, which is written nowhere.
            report_failure("a question could not be answered", error)
            complaint = phrases.FAILED
        return notice_html(complaint, phrases.RETRY, [question])

    def greeting(self) -> list[ChatMessage]:
        """What the assistant knows now: it may have been rebuilt since the server started."""
        try:
            html = greeting_html(self.service.about(), self.service.journal_days)
        except Exception as error:  # noqa: BLE001  as above
            report_failure("the greeting could not be written", error)
            html = notice_html(phrases.FAILED)
        return [_message("assistant", html)]


def questions(earlier: str | None) -> tuple[str, ...]:
    """The last earlier questions, oldest first; none where what was sent is no list of them.

    >>> questions('["un", 2]'), questions('["un", "deux"]')
    ((), ('un', 'deux'))
    """
    try:
        found = json.loads(earlier or "[]")
    except (ValueError, RecursionError):
        return ()
    last = found[-MAX_HISTORY:] if isinstance(found, list) else []
    return tuple(last) if all(isinstance(each, str) and len(each) <= MAX_QUESTION for each in last) else ()


def _message(role: str, html: str) -> ChatMessage:
    return {"role": role, "content": proof_against_markdown(html)}


def build_blocks(chat: Chat) -> gr.Blocks:
    """The page as Gradio draws it; its style and script come from the server."""

    async def ask(question: str | None, earlier: str | None, request: gr.Request) -> Any:
        return await chat.ask(question, earlier, request.request)  # type: ignore[arg-type]  # never None in a call

    # queue=False: 13 ms instead of 18 for one visitor, and no stream that stays open.
    # show_progress: Gradio's speaks English; the script of the page says it instead.
    quiet: dict[str, Any] = {
        "queue": False,
        "api_visibility": "private",
        "trigger_mode": "multiple",
        "show_progress": "hidden",
    }
    page = gr.Blocks(title=TITLE, analytics_enabled=False, fill_width=True)
    with page:
        log = _chatbot()
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
        # What the page knows and this server does not: the questions before this one.
        earlier = gr.Textbox(label=phrases.CONVERSATION, visible="hidden", elem_id="mm-earlier")
        show = gr.Button(phrases.CONVERSATION, visible="hidden", elem_id="mm-show")
        # What is typed or chosen goes through here, one question at a time: Gradio reads a box up to a frame after the
        # event, with what was written there since, and shows answers in the order of their arrival.
        asked = gr.Textbox(label=phrases.CHOSEN_QUESTION, visible="hidden", elem_id="mm-asked")
        button = gr.Button(phrases.SEND, visible="hidden", elem_id="mm-ask")
        button.click(ask, [asked, earlier], log, **quiet)
        for anew in (show, again):
            anew.click(chat.greeting, None, log, **quiet)
    page.app_id = APP_ID
    return page


def _chatbot() -> gr.Chatbot:
    return gr.Chatbot(
        value=[{"role": "assistant", "content": GREETING}],
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


def _mounted(page: gr.Blocks, root_path: str) -> FastAPI:
    """Gradio's application for this page, with all that it would add turned off."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # Its presence keeps Gradio from answering any origin with credentials.
    app.add_middleware(CORSMiddleware, allow_origins=[])
    gr.mount_gradio_app(
        app,
        page,
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
    return app


class ChatPage:
    """ASGI application: Gradio's page in French, with our style and script, and the calls of that page, no other.

    Gradio keeps in memory, without limit or end, what comes with the names of sessions and events that a caller
    chooses; and it answers in English, with a trace in the log, what it does not expect. Neither gets in.
    """

    def __init__(self, service: Service, limits: RequestLimits, state: Any, root_path: str) -> None:
        self._limits = limits
        self._journal_days = service.journal_days
        self.chat = Chat(service, asynccontextmanager(limits.question), lambda: state.branding.contact)

        async def build() -> tuple[gr.Blocks, FastAPI]:
            blocks = build_blocks(self.chat)
            return blocks, _mounted(blocks, root_path)

        # Without a running loop, Gradio would make several and leave them open; this thread may have one of its own.
        with ThreadPoolExecutor(1) as apart:
            self.blocks, self._gradio = apart.submit(asyncio.run, build()).result()
        self._inputs = {number: len(function.inputs) for number, function in self.blocks.fns.items()}

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Gradio's own."""
        async with self._gradio.router.lifespan_context(self._gradio):
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["method"], local_path(scope):
            case "GET", "/":
                await self._page(scope, receive, send)
            case "POST", path if path == PREDICT:
                await self._call(Request(scope, receive), send)
            case "GET", path if _NAMED_BY_HASH.fullmatch(path):
                await self._gradio(scope, receive, _kept(send))
            case _:
                await self._gradio(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            body.extend(message.get("body", b""))

        # Uncompressed: it is read here. The proxy in front compresses again if it wants to.
        kept = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        await self._gradio({**scope, "headers": kept}, receive, collect)
        if start["status"] != 200:
            raise RuntimeError(f"Gradio's page: {start['status']}")
        branding, nonce = scope["app"].state.branding, secrets.token_urlsafe(16)
        parts = {
            name: TEMPLATES.get_template(f"{name}.html").render(
                branding=branding,
                base="",
                feedback=self._journal_days > 0,
                journal_days=self._journal_days,
                max_question=MAX_QUESTION,
                max_history=MAX_HISTORY,
            )
            for name in ("chat_head", "chat_header", "footer")
        }
        headers = {
            "Content-Security-Policy": content_policy(nonce, branding.frame_ancestors),
            "Cache-Control": "no-store",
        }
        [greeting] = await run_in_threadpool(self.chat.greeting)
        html = _placed(body.decode(), greeting["content"], branding.page_title)
        await HTMLResponse(mend(html, nonce, **parts), headers=headers)(scope, receive, send)

    async def _call(self, request: Request, send: Send) -> None:
        """Give Gradio the two fields of a call that it needs, rewritten."""
        call = self._read(await request.body()) if is_json(request) else None
        if call is None:
            raise RefusedError(422, phrases.FOREIGN_CALL)
        await self._limits.reading(request)
        body = json.dumps(call).encode()
        headers = [(name, value) for name, value in request.scope["headers"] if name not in _REWRITTEN]
        headers += [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self._gradio({**request.scope, "headers": headers}, replayed(body, request.receive), send)

    def _read(self, body: bytes) -> dict[str, Any] | None:
        """The call, or None when it is none of the page's."""
        try:
            call = json.loads(body)
        except (ValueError, RecursionError):
            return None
        number, data = (call.get("fn_index"), call.get("data")) if isinstance(call, dict) else (None, None)
        # True is a number to Python.
        if type(number) is not int or not isinstance(data, list) or self._inputs.get(number) != len(data):
            return None
        if not all(value is None or isinstance(value, str) for value in data):
            return None
        return {"fn_index": number, "data": [value and readable(value) for value in data]}


def _kept(send: Send) -> Send:
    """Let browsers keep a file whose address changes when it does; Gradio leaves that open."""

    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            message = {**message, "headers": [*message["headers"], _KEPT]}
        await send(message)

    return sender


def _placed(html: str, greeting: str, title: str) -> str:
    """Gradio's page of a collection: greeting, title, and address, which Gradio takes for that of the service."""
    for place, text in ((GREETING, greeting), (TITLE, title)):
        written = json.dumps(text)[1:-1].replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
        html = html.replace(place, written)
    if collection := in_force():
        end = f"/c/{collection}"
        html = re.sub(r'("root":\s*")([^"]*)"', lambda found: f'{found[1]}{found[2].removesuffix(end)}{end}"', html)
    return html


def mend(html: str, nonce: str, chat_head: str, chat_header: str, footer: str) -> str:
    """Gradio's page in French, with our parts, and nothing about anybody else."""
    html = re.sub(RESIZER, "", _FOREIGN_LINKS.sub("", _SOCIAL_METAS.sub("", html)))
    html = re.sub(r'<html\s+lang="en"', '<html lang="fr"', html, count=1)
    html = re.sub(r"<script(?=[\s>])(?![^>]*\ssrc=)", f'<script nonce="{nonce}"', html)
    html = html.replace("</head>", f"{chat_head}</head>", 1)
    html = re.sub(r"<body[^>]*>", lambda tag: tag[0] + chat_header, html, count=1)
    return html.replace("</body>", f"{footer}</body>", 1)


def is_json(request: Request) -> bool:
    """Whether a body says that it is JSON: the form of another site cannot."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
