"""The wing of calls to models: providers, requests, budgets and debates."""
