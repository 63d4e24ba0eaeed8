"""The pages, one module for each of the dashboard's questions."""
