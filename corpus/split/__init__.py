"""From a document to entries, passages and sentences."""
