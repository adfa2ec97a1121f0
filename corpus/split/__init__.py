"""A document into entries, passages and sentences."""
