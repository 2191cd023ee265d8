"""What every request passes on its way in and out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import cast

from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from assay.platform import one_at_a_time

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


def alone(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Serve one request at a time; others run between the chunks of a long answer."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        with one_at_a_time.held():
            response = get_response(request)
        return _in_chunks(response, one_at_a_time.held)

    return answer


def together(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Serve requests beside each other; a long answer goes out in chunks all the same, not line by line."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _in_chunks(get_response(request), nullcontext)

    return answer


def _in_chunks(
    response: HttpResponseBase, meanwhile: Callable[[], AbstractContextManager[None]]
) -> HttpResponseBase:
    if isinstance(response, StreamingHttpResponse) and not isinstance(response, FileResponse):
        parts = cast("Iterator[bytes]", response.streaming_content)
        response.streaming_content = one_at_a_time.in_chunks(parts, meanwhile)
    return response
