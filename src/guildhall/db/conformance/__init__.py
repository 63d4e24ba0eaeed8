"""
Does a database hold what the reference documents name?

`examine` compares a live database with an inventory of the documents (tables,
columns, types, keys, checks, indexes, views, functions, triggers, policies,
roles, types, intervals) and says for each statement whether it holds, differs
or is missing. What differs on purpose is written down in `docs/deviations.md`;
what differs without a reason there is a defect of one of the two.
"""

from guildhall.db.conformance.examination import examine
from guildhall.db.conformance.findings import Conformance, Finding, State
from guildhall.db.conformance.inventory import InventoryInvalid
from guildhall.db.conformance.reasons import DeviationsMissing

__all__ = ["Conformance", "DeviationsMissing", "Finding", "InventoryInvalid", "State", "examine"]
