"""How we say it: answers, conversation, evaluation, chat and command line."""
