"""
Calling providers of models: over HTTP, to addresses that are allowed, in the API that each speaks.

`Upstream` sends and reads; `talk` says how what a caller asked is said to a
provider, and how what comes back is read: its text, its tokens, and whether it is whole.
"""

from guildhall.adapters.upstreams.connections import MOST_BYTES, UpstreamSilent
from guildhall.adapters.upstreams.faces import FACES, Asked, AskedWrong, Face
from guildhall.adapters.upstreams.http import AddressClosed, Incoming, Upstream
from guildhall.adapters.upstreams.said import Said, read_said
from guildhall.adapters.upstreams.talks import Garbage, StreamTalk, Talk, Told, speaks, talk, understood

__all__ = [
    "FACES",
    "MOST_BYTES",
    "AddressClosed",
    "Asked",
    "AskedWrong",
    "Face",
    "Garbage",
    "Incoming",
    "Said",
    "StreamTalk",
    "Talk",
    "Told",
    "Upstream",
    "UpstreamSilent",
    "read_said",
    "speaks",
    "talk",
    "understood",
]
