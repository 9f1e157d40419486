"""One report of three small runs, made once."""

import pytest
from report_runs import SETTINGS, Boxes, make_runs

from rebench.report.gathering import Request, gather


@pytest.fixture(scope="session")
def split():
    return Boxes()


@pytest.fixture(scope="session")
def runs(tmp_path_factory, split):
    return make_runs(tmp_path_factory.mktemp("runs"), split)


@pytest.fixture(scope="session")
def report(runs, split):
    return gather(runs, Request(split=split, pictures=48, settings=SETTINGS))


@pytest.fixture(scope="session")
def written(report, tmp_path_factory):
    """The folder with page, CSV and the text in Markdown; LaTeX and drawings have tests of their own."""
    from rebench.report.markdown_page import markdown_page
    from rebench.report.writing import parts_of, write_report

    out = tmp_path_factory.mktemp("report")
    write_report(report, out, ("html", "csv"))
    (out / "report.md").write_text(markdown_page(report, parts_of(report), "title"), "utf-8")
    return out
