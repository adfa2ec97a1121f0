"""The editor's workshop: from an unanswered question to a published answer, on a page of its own."""
