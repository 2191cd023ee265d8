"""What every request passes: its turn, and the headers of its answer."""

from __future__ import annotations

from collections.abc import Callable

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse

from assay.platform import turns

# `data:` images are the little arrows of form controls. Nothing inline, nothing from elsewhere, no eval.
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def headers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Set the content security policy, and keep pages about people out of caches."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return answer


def received(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Take in all of a request before anything is done about it.

    A slow line then holds up nobody else, and the connection stays fit for the next request.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if request.method in {"POST", "PUT", "PATCH"}:
            _ = request.POST if request.content_type == "multipart/form-data" else request.body
        return get_response(request)

    return answer


def in_turn(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Serve one request at a time; a long answer takes a turn for each of its chunks."""

    def answer(request: HttpRequest) -> HttpResponse:
        with turns.taken():
            response = get_response(request)
        if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
            response.streaming_content = turns.in_chunks(response.streaming_content)
        return response

    return answer
