"""Sources to documents, entries and passages."""
