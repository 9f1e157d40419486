"""BibTeX: one item for the board as it stands, one for every model on it."""

from rebench.leaderboard.schema import BoardDocument, Entry
from rebench.leaderboard.standing import live
from rebench.report.escape import LATEX_PREAMBLE, latex


def bibtex(document: BoardDocument) -> dict[str, str]:
    """`<board>.bib`. What a paper is called is not in a board: the items of models name model and address."""
    board = document.board
    date = document.entries[-1].date if document.entries else None
    items = [
        _item(
            f"rebench-{board.name}",
            title=board.title,
            author=["{The entries of the board}"],
            year=date[:4] if date else None,
            url=board.link,
            note=f"{len(live(document.entries))} entries, chain ends at {document.head[:16]}",
        )
    ]
    items += [_entry(entry, board.name) for entry in live(document.entries)]
    text = "\n".join(items)
    return {f"{board.name}.bib": f"{_preamble()}\n{text}" if r"\rebench" in text else text}


def _preamble() -> str:
    """The commands that `latex` uses for other scripts; BibTeX would run a comment into the next line."""
    lines = (line.partition("%")[0].strip() for line in LATEX_PREAMBLE.splitlines())
    return f"@preamble{{ {{{''.join(lines)}}} }}\n"


def _entry(entry: Entry, board: str) -> str:
    model = entry.model
    return _item(
        f"rebench-{board}-{entry.number}",
        title=model.full_name,
        author=[latex(name) for name in model.authors],
        year=entry.date[:4],
        url=model.paper or model.code or model.checkpoint,
        note=f"entry {entry.number}, {entry.sha256[:16]}",
    )


def _item(key: str, *, title: str, author: list[str], year: str | None, url: str | None, note: str) -> str:
    """An item; the title is braced twice, so that no style changes the case of a name. Authors are LaTeX."""
    told = [f"  title = {{{{{latex(title)}}}}},"]
    if author:
        told.append(f"  author = {{{' and '.join(author)}}},")
    if year:
        told.append(f"  year = {{{year}}},")
    told.append(f"  note = {{{latex(note)}}},")
    if url:
        told.append(f"  url = {{{url}}},")
    return "\n".join([f"@misc{{{key},", *told, "}", ""])
