"""Printed lines into paragraphs, headings and lists."""
