"""The gateway wing: accounts at providers of models, every call of a model on record, and what may be spent on them."""
