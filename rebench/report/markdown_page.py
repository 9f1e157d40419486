"""The report as one Markdown page with its drawings beside it."""

from rebench.report.content import Report
from rebench.report.escape import markdown
from rebench.report.markdown_table import markdown_table
from rebench.report.section import Part


def markdown_page(report: Report, parts: list[Part], title: str) -> str:
    """Warnings, then every section of every chapter."""
    blocks = [f"# {markdown(title)}"]
    if report.warnings:
        blocks.append("\n".join(f"- **Note.** {markdown(text)}" for text in report.warnings))
    for part in parts:
        blocks.append(f"## {markdown(part.title)}")
        for section in part.sections:
            blocks += [f"### {markdown(section.title)}", *map(markdown, section.text)]
            blocks += ["\n".join(f"- {markdown(text)}" for text in section.findings)] * bool(section.findings)
            for figure in section.figures:
                blocks += [f"![{markdown(figure.name)}](figures/{figure.name}.svg)", markdown(figure.caption)]
            blocks += [markdown_table(table).strip() for table in (*section.tables, *section.more)]
    return "\n\n".join(blocks) + "\n"
