"""Guildhall tells you whether the new version of your AI agent is really better."""

__version__ = "0.1.0"
