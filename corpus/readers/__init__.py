"""One reader for each format: a file in, blocks with their exact offsets out."""
