"""Identity: users, teams and who belongs to them."""

from guildhall.domains.platform.identity.service import LOCAL, database_id

__all__ = ["LOCAL", "database_id"]
