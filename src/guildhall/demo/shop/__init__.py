"""A small shop, its clerk, and the clerk's mistakes."""
