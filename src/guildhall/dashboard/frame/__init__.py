"""What every page has in common: how it is rendered, refused, filtered, sorted and drawn."""
