"""The web service: its routes, what stands around every request, and the page."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from loadboard import errors, health, logs, principals
from loadboard.accounts import api as accounts
from loadboard.accounts import keys_api, oidc_api, organizations_api, people_api, signing_api
from loadboard.bodies import BodyLimit
from loadboard.bookings import api as bookings
from loadboard.bookings import documents_api as documents
from loadboard.cache import redis
from loadboard.db import engine
from loadboard.feed import Feed
from loadboard.garbage import collect_seldom
from loadboard.loads import api as loads
from loadboard.loads import contact_api, import_api
from loadboard.matches import api as matches
from loadboard.networks import api as networks
from loadboard.offers import api as offers
from loadboard.places import api as places_api
from loadboard.search import api as search
from loadboard.settings import settings
from loadboard.trucks import api as trucks
from loadboard.warming import warm

PAGE = Path(__file__).parent / "web" / "dist"
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:;"
    " style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
}
log = structlog.get_logger()


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await run_in_threadpool(warm)
    feed: Feed = app.state.feed
    following = [asyncio.create_task(work) for work in (feed.run(), principals.follow())]
    log.info("started")
    yield
    for task in following:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await engine().dispose()
    await redis().aclose()


def create_app() -> FastAPI:
    logs.configure(settings().log_level)
    collect_seldom()
    app = FastAPI(
        title="Load board",
        version=version("loadboard"),
        description="Post freight, and find it by map area and lane.",
        lifespan=_lifespan,
        redoc_url=None,
    )
    app.state.feed = Feed()
    errors.install(app)
    # Routes are tried in turn: searches first, and an import before /v1/loads/{load_id}.
    for part in (
        search, matches, import_api, loads, contact_api, offers, bookings, documents, trucks, networks, places_api, accounts,
        signing_api, oidc_api, people_api, keys_api, organizations_api, health,
    ):  # fmt: skip
        app.include_router(part.router)
    if PAGE.exists():
        _serve_page(app)
    limits = {
        "/v1/loads/import": settings().max_import_mb << 20,
        "/v1/bookings/[0-9]+/documents": settings().max_document_mb << 20,
    }
    app.add_middleware(BodyLimit, usual=settings().max_body_kb << 10, of_path=limits)
    app.add_middleware(logs.Observed)
    return app


class Assets(StaticFiles):
    """Files whose names tell their content, so that a browser keeps them for good."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def _serve_page(app: FastAPI) -> None:
    app.mount("/assets", GZipMiddleware(Assets(directory=PAGE / "assets")), name="assets")

    @app.get("/", include_in_schema=False)
    async def page(_: Request) -> Response:
        return FileResponse(PAGE / "index.html", headers=SECURITY_HEADERS)
