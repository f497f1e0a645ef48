"""Routes that take nothing in silence: no parameter they do not know, no name that is said twice."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from loadboard.errors import FieldError, invalid
from loadboard.idempotency import Replay, keep_answer

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRequest(Request):
    async def json(self) -> Any:
        body = await self.body()
        try:
            # As json.loads, which would make a decoder for each call: that takes longer than to decode.
            return _decoder.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
        except json.JSONDecodeError:
            raise
        except (ValueError, RecursionError) as error:
            # FastAPI tells what is wrong with the body of this error alone.
            raise json.JSONDecodeError(_unreadable(error), "", 0) from error


def _unreadable(error: ValueError | RecursionError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it must be UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return "a number has too many digits"


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise json.JSONDecodeError(f"{twice[:100]!a} is said twice", "", 0)
    return members


_decoder = json.JSONDecoder(object_pairs_hook=_once)


class StrictRoute(APIRoute):
    """The route class of every router under /v1."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        # What has parameters has a model of them, which refuses the others itself.
        takes_none = not _parameters(self.dependant)

        async def handle_strictly(request: Request) -> Response:
            if takes_none and request.scope["query_string"] and request.query_params:
                raise invalid(
                    *(
                        FieldError(pointer=f"/{name}", message="is not a parameter known here")
                        for name in list(request.query_params)[:50]
                    )
                )
            try:
                response = await handle(StrictRequest(request.scope, request.receive))
            except Replay as replay:
                return replay.response
            # Before the request's transaction ends, which it does once this has returned.
            await keep_answer(request, response)
            return response

        return handle_strictly


def _parameters(dependant: Dependant) -> bool:
    return bool(dependant.query_params) or any(map(_parameters, dependant.dependencies))
