"""Bodies: what is too long for a row, kept once for each content: files of agents and scenarios, long trajectories."""

from guildhall.domains.evaluation.bodies.errors import BodyNotFound
from guildhall.domains.evaluation.bodies.service import fetch, fetch_many, keep, keep_many

__all__ = ["BodyNotFound", "fetch", "fetch_many", "keep", "keep_many"]
