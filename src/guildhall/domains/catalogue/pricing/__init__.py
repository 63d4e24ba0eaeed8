"""Prices of models: what the catalogue says that a model costs, and what a request costs by it."""

from guildhall.domains.catalogue.pricing.rules import cost, most
from guildhall.domains.catalogue.pricing.service import find_price, keep_published
from guildhall.domains.catalogue.pricing.types import Price, Published, Rates

__all__ = ["Price", "Published", "Rates", "cost", "find_price", "keep_published", "most"]
