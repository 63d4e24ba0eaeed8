"""
What processes share for a while: values, counters, and how often a key was used.

`Cache` is the port, `PostgresCache` keeps it in the database that is there
anyway, in tables that are not logged. `Allowances` answers for rates from what
it has leased there, so a busy key does not cost a round trip for each request.
"""

from guildhall.algorithms.gcra import Rate, Taken
from guildhall.cache.allowances import Allowances, RateExceeded, hourly
from guildhall.cache.ports import Cache
from guildhall.cache.postgres import PostgresCache, tidy

__all__ = ["Allowances", "Cache", "PostgresCache", "Rate", "RateExceeded", "Taken", "hourly", "tidy"]
