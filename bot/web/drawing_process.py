"""The process that opens PDF files for the pages: a file that breaks or stops it breaks or stops no answer.

It answers with a line of JSON, and after it the bytes of the image when one was asked for.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from bot.web.page_image import UnusablePageError, page_image, printed_page
from corpus.sandbox import answer_requests, confine


def main() -> None:
    """Answer until standard input ends."""
    answer_requests(draw)


def draw(asked: dict[str, Any]) -> bytes:
    """What was asked of a page, or why it cannot be had."""
    confine(asked["memory"], asked["cpu_seconds"])
    try:
        data = Path(asked["path"]).read_bytes()
        if hashlib.sha256(data).hexdigest() != asked["sha256"]:
            return _told({"unusable": "the file has changed"})
        if asked["image"]:
            return _told({}) + page_image(data, asked["number"])
        page = printed_page(data, asked["number"])
        boxes = [box and (box.left, box.top, box.right, box.bottom) for box in page.boxes]
        return _told({"width": page.width, "height": page.height, "text": page.text, "boxes": boxes})
    except (UnusablePageError, OSError) as error:
        return _told({"unusable": str(error)})
    except MemoryError:
        return _told({"unusable": "not enough memory"})


def _told(line: dict[str, Any]) -> bytes:
    return json.dumps(line).encode() + b"\n"
