"""Prints how Django reads each request of standard input: a JSON array of [url, content type]."""

import io
import json
import sys
from urllib.parse import unquote_to_bytes

from django.conf import settings

settings.configure()

from django.core.handlers.wsgi import WSGIRequest  # noqa: E402  (needs the settings)


def read(url, content_type):
    path, _, query = url.partition('?')
    environ = {
        'REQUEST_METHOD': 'GET',
        'PATH_INFO': unquote_to_bytes(path).decode('latin-1'),
        'QUERY_STRING': query,
        'wsgi.input': io.BytesIO(),
    }
    if content_type is not None:
        environ['CONTENT_TYPE'] = content_type
    request = WSGIRequest(environ)
    return [request.path_info, request.GET.dict()]


print(json.dumps([read(*each) for each in json.load(sys.stdin)]))
