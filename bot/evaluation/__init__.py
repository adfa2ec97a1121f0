"""How often is it right: known questions, verdicts, measures, reports."""
