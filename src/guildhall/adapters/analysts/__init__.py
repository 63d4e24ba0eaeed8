"""Those who find recommendations: rules, which ask nobody, and a model behind any OpenAI-compatible endpoint."""

from guildhall.adapters.analysts.llm import LlmAnalyst
from guildhall.adapters.analysts.rule_based import RuleAnalyst

__all__ = ["LlmAnalyst", "RuleAnalyst"]
