"""The catalogue wing: what all teams share about models; so far what they cost."""
