"""
Accounts at providers of models: where, with which key, for which models, how much of the traffic, and how they fare.

An account's key is sealed for its row and opened only to call the provider.
`routes_to` and `in_turn` say who is asked for a model, and in which order.
"""

from guildhall.domains.gateway.providers.errors import (
    AccountNotFound,
    AccountRefused,
    AccountTaken,
    AddressRefused,
    ModelNotFound,
)
from guildhall.domains.gateway.providers.rules import (
    KINDS,
    check_url,
    has_responses,
    in_turn,
    is_open_to,
    read_networks,
    routes_to,
    served,
    unserved,
)
from guildhall.domains.gateway.providers.service import (
    add_account,
    change_account,
    get_account,
    list_accounts,
    note_health,
    open_key,
    remove_account,
    revision,
)
from guildhall.domains.gateway.providers.types import (
    Account,
    Health,
    NewAccount,
    Options,
    Recorded,
    Route,
    Standing,
    Wire,
)

__all__ = [
    "KINDS",
    "Account",
    "AccountNotFound",
    "AccountRefused",
    "AccountTaken",
    "AddressRefused",
    "Health",
    "ModelNotFound",
    "NewAccount",
    "Options",
    "Recorded",
    "Route",
    "Standing",
    "Wire",
    "add_account",
    "change_account",
    "check_url",
    "get_account",
    "has_responses",
    "in_turn",
    "is_open_to",
    "list_accounts",
    "note_health",
    "open_key",
    "read_networks",
    "remove_account",
    "revision",
    "routes_to",
    "served",
    "unserved",
]
