"""
The dashboard: pages for people, rendered by the server and live over server-sent events.

`add_to` puts it beside the API into one application, whose frame it shares:
who is let in, transactions, streams and limits are the API's own.
"""

from guildhall.dashboard.application import add_to, pages
from guildhall.dashboard.entrance import make_link

__all__ = ["add_to", "make_link", "pages"]
