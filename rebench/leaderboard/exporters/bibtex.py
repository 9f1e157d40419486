"""BibTeX: one item for the board as it stands, one for every model on it."""

from rebench.leaderboard.schema import BoardDocument, Entry
from rebench.leaderboard.standing import live
from rebench.report.escape import latex


def bibtex(document: BoardDocument) -> dict[str, str]:
    """`<board>.bib`. What a paper is called is not in a board: the items of models name model and address."""
    board = document.board
    date = document.entries[-1].date if document.entries else None
    items = [
        _item(
            f"rebench-{board.name}",
            title=board.title,
            author="The entries of the board",
            year=date[:4] if date else None,
            url=board.link,
            note=f"{len(live(document.entries))} entries, chain ends at {document.head[:16]}",
        )
    ]
    items += [_entry(entry, board.name) for entry in live(document.entries)]
    return {f"{board.name}.bib": "\n".join(items)}


def _entry(entry: Entry, board: str) -> str:
    model = entry.model
    variant = f" ({model.variant})" if model.variant else ""
    return _item(
        f"rebench-{board}-{entry.number}",
        title=f"{model.name}{variant}",
        author=" and ".join(model.authors) or None,
        year=entry.date[:4],
        url=model.paper or model.code or model.checkpoint,
        note=f"entry {entry.number}, {entry.sha256[:16]}",
    )


def _item(key: str, *, url: str | None, **fields: str | None) -> str:
    told = [f"  {name} = {{{latex(value)}}}," for name, value in fields.items() if value]
    if url:
        told.append(f"  url = {{{url}}},")
    return "\n".join([f"@misc{{{key},", *told, "}", ""])
