"""One reader per format: from the bytes of a file to blocks with exact offsets."""
