"""Models and the companies that serve them: so far, how one that is called comes to be known."""

from guildhall.domains.catalogue.models.service import make_known

__all__ = ["make_known"]
