"""Known questions: verdicts, figures, comparisons and reports."""
