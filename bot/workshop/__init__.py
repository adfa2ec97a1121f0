"""The editor's workshop: from an unanswered question to a published answer, on a page of its own.

What cannot be done raises ``draft.WorkshopError``, whose message says why and what to do: nothing is changed then.
"""
