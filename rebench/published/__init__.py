"""What papers print: a ledger of published numbers, what their tables disagree on, and their tables again."""
