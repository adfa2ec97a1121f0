"""From printed lines to paragraphs, headings and lists."""
