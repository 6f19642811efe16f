"""The API of the UI, one file per noun. Handlers only: rules and queries are in the nouns."""
