"""Gradio's page as we want it: in French, with our style and script, and nothing about anybody else."""

import re
import secrets
from html import escape

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import texts
from bot.web.guard import content_policy, local_path

OWN_HEAD = f"""
<title>{escape(texts.PAGE_TITLE)}</title>
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<link rel="stylesheet" href="motamot/theme.css">
<script src="motamot/chat.js" defer data-conversation="{escape(texts.CONVERSATION)}"
 data-searching="{escape(texts.SEARCHING)}"
 data-unreachable="{escape(texts.UNREACHABLE)}" data-too-large="{escape(texts.TOO_LARGE)}"></script>
"""

OWN_BODY = f"<noscript><p>{escape(texts.NO_SCRIPT)}</p></noscript>"

SOCIAL_METAS = re.compile(r"""<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*""")
MANIFEST = re.compile(r"""<link rel="manifest"[^>]*>""")


def mend(html: str, nonce: str) -> str:
    """Gradio's page with the language, the head and the nonce of its inline scripts put right."""
    html = MANIFEST.sub("", SOCIAL_METAS.sub("", html))
    html = re.sub(r"<html\s+lang=\"en\"", '<html lang="fr"', html, count=1)
    html = re.sub(r"<script(?=[\s>])(?![^>]*\ssrc=)", f'<script nonce="{nonce}"', html)
    html = html.replace("</head>", f"{OWN_HEAD}</head>", 1)
    return re.sub(r"(<body[^>]*>)", lambda tag: tag[1] + OWN_BODY, html, count=1)


class PageMender:
    """ASGI middleware that mends the page served at ``/`` and leaves everything else alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

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
                    await _send_mended(start, body, send)
            else:  # an extension, such as the one that Starlette's test client reads templates by
                await send(message)

        await self.app({**scope, "headers": kept}, receive, collect)


async def _send_mended(start: Message, body: bytes, send: Send) -> None:
    headers = MutableHeaders(scope=start)
    if headers.get("content-type", "").startswith("text/html"):
        nonce = secrets.token_urlsafe(16)
        body = mend(body.decode(), nonce).encode()
        headers["Content-Length"] = str(len(body))
        headers["Content-Security-Policy"] = content_policy(nonce)
        headers["Cache-Control"] = "no-store"
    await send(start)
    await send({"type": "http.response.body", "body": body})
