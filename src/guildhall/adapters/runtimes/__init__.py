"""Ways of running agents: a model with tools, a Python callable, a command, an HTTP address."""
