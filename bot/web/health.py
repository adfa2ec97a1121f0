"""What the people who run the service look at: is it alive, is it ready, what has it done."""

import logging
import time
from ipaddress import ip_address
from typing import Literal

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from bot import phrases
from bot.logs import report_failure
from bot.service import Service
from bot.web.rate_limits import RequestLimits
from bot.web.responses import problem
from corpus.errors import MotamotError

LOG = logging.getLogger(__name__)

MetricsFor = Literal["local", "tous", "non"]
"""Who may read the counters: programs of this machine, everybody, nobody."""

_FORWARDED = frozenset({"forwarded", "x-forwarded-for", "x-real-ip"})
"""Headers of a proxy: the request then comes from elsewhere, whatever the connection says."""


def build_health(service: Service, limits: RequestLimits, metrics_for: MetricsFor) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter(include_in_schema=False)

    router.add_api_route("/healthz", alive)

    @router.get("/readyz", dependencies=[Depends(limits.reading)])
    async def readyz() -> Response:
        return await run_in_threadpool(ready, service)

    @router.get("/metrics")
    async def counters(request: Request) -> Response:
        if metrics_for == "non":
            return problem(404, phrases.NOT_FOUND)
        if metrics_for == "local" and not from_this_machine(request):
            return problem(403, phrases.METRICS_LOCAL)
        return Response(await run_in_threadpool(service.metrics.page), media_type=CONTENT_TYPE_LATEST)

    return router


async def alive(_: Request) -> JSONResponse:
    """That it listens."""
    return JSONResponse({"status": "ok"})


def ready(service: Service) -> Response:
    """Whether the index is loaded and a question of its own gets an answer; neither counted nor written down."""
    begun = time.perf_counter()
    try:
        about = service.about()
        if not about.documents:
            return problem(503, phrases.NO_DOCUMENT)
        trial = service.assistant.ask(about.examples[0] if about.examples else about.documents[0].title)
    except MotamotError as error:
        return problem(503, str(error))
    except Exception as error:  # noqa: BLE001  a probe reads a status, never a trace
        report_failure(LOG, "the trial question could not be answered", error)
        return problem(503, phrases.SERVER_ERROR)
    return JSONResponse(
        {
            "status": "ready",
            "documents": len(about.documents),
            "index_built": about.built,
            "trial": trial.kind.value,
            "trial_ms": round((time.perf_counter() - begun) * 1000, 1),
            # The index before answers: the service is ready, and somebody must look.
            **({"problem": service.assistant.problem} if service.assistant.problem else {}),
        }
    )


def from_this_machine(request: Request) -> bool:
    """Whether a program of this machine asks, and no proxy for somebody else."""
    if request.client is None or not _FORWARDED.isdisjoint(request.headers):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
