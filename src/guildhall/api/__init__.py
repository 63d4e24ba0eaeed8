"""
The HTTP API: one face for programs in any language.

`create_api` puts routes into the frame; `guildhall.asgi` serves what it gives.
The contract is docs/openapi.json, which a test holds against the code.
"""

from guildhall.api.application import OpenHouse, create_api
from guildhall.api.frame.house import Exchange, House
from guildhall.api.frame.journal import note

__all__ = ["Exchange", "House", "OpenHouse", "create_api", "note"]
