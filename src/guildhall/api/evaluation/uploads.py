"""Files that come with a document: as text, or in base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from guildhall.app.uploads import UploadRefused

Files = Annotated[
    dict[str, str],
    Field(description="Files that the document refers to: path, relative to it, and text."),
]
FilesInBase64 = Annotated[
    dict[str, str],
    Field(description="Files that are no text: path and content in base64 (RFC 4648 §4)."),
]


def contents(files: Mapping[str, str], in_base64: Mapping[str, str]) -> dict[str, bytes]:
    """
    All files by path.

    Raises:
        UploadRefused: One is no base64, or comes twice.
    """
    found = {path: text.encode() for path, text in files.items()}
    for path, text in in_base64.items():
        if path in found:
            raise UploadRefused(path, "it is in files_base64 too", "Send each file once.")
        try:
            found[path] = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise UploadRefused(
                path, "its content is no base64", "Send text in files, and anything else in base64."
            ) from None
    return found
