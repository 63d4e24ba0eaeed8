"""What the bodies of requests have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Body(BaseModel):
    """A body whose fields are all known, and of the types that they say: `"1"` is no number, `1` is no truth."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
