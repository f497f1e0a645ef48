"""A service that only validates a search, and answers the bytes that it was given for it.

Run by uvicorn as the whole service is: what FastAPI and pydantic cost anyway.
"""

import os
from pathlib import Path

import orjson
from fastapi import FastAPI, Request, Response

from loadboard.search.schemas import Search

ANSWERS = "BENCH_ANSWERS"
"""The variable that names a file: a JSON object of answers by body."""


def create_app() -> FastAPI:
    known = orjson.loads(Path(os.environ[ANSWERS]).read_bytes())
    answers = {body.encode(): answer.encode() for body, answer in known.items()}
    app = FastAPI()

    @app.post("/v1/search")
    async def search(_: Search, request: Request) -> Response:
        return Response(answers[await request.body()], media_type="application/json")

    @app.get("/readyz")
    async def readyz() -> bool:
        return True

    return app
