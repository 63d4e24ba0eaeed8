"""The society of agents: who works, and on what."""
