"""The English of referring expressions: from words to noun phrases and their roles."""
