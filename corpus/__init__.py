"""What we know: sources in, documents, entries and passages out."""
