"""Gradio's page as we want it: in French, with our style and script, and nothing about anybody else."""

import re
import secrets
from html import escape

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot import phrases
from bot.web.branding import House
from bot.web.gradio_page import KEY
from bot.web.render import TEMPLATES
from bot.web.security import content_policy, local_path

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


def mend(html: str, nonce: str, house: House, feedback: bool = False) -> str:
    """Gradio's page with the language, the head and the nonce of its inline scripts put right."""
    html = FOREIGN_LINKS.sub("", SOCIAL_METAS.sub("", html))
    html = html.replace(KEY, secrets.token_urlsafe(16))
    html = re.sub(r"<html\s+lang=\"en\"", '<html lang="fr"', html, count=1)
    html = re.sub(r"<script(?=[\s>])(?![^>]*\ssrc=)", f'<script nonce="{nonce}"', html)
    own = '<link rel="stylesheet" href="motamot/own.css">\n' if house.style else ""
    if feedback:
        own += _part("feedback_head.html", house)
    html = html.replace("</head>", f"{OWN_HEAD}{own}</head>", 1)
    before, after = (_part(name, house) for name in ("brand.html", "footer.html"))
    html = re.sub(r"(<body[^>]*>)", lambda tag: tag[1] + OWN_BODY + before, html, count=1)
    return html.replace("</body>", f"{after}</body>", 1)


def _part(template: str, house: House) -> str:
    """A part that this page shares with those of ours."""
    return TEMPLATES.get_template(template).render(house=house, base="")


class PageMender:
    """ASGI middleware that mends the page served at ``/`` and leaves everything else alone."""

    def __init__(self, app: ASGIApp, house: House, feedback: bool = False) -> None:
        self.app = app
        self.house = house
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
            body = mend(body.decode(), nonce, self.house, self.feedback).encode()
            headers["Content-Length"] = str(len(body))
            headers["Content-Security-Policy"] = content_policy(nonce, self.house.frame_ancestors)
            headers["Cache-Control"] = "no-store"
        await send(start)
        await send({"type": "http.response.body", "body": body})
