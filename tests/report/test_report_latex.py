"""The LaTeX of a report compiles, hostile names and all; PDF, SVG and PGF say the same."""

import re
import shutil
import subprocess

import pytest
from report_runs import HOSTILE

from rebench.report.figures.drawn import page_svg, pdf, pgf, svg
from rebench.report.sections import sections_of
from rebench.report.writing import write_report

pytestmark = pytest.mark.slow  # together they take seconds


def figures(report):
    return [figure for section in sections_of(report.chapters[0]) for figure in section.figures]


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_the_example_compiles_without_overfull_boxes(report, tmp_path):
    write_report(report, tmp_path, ["latex"])
    folder = tmp_path / "latex"
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "example.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (folder / "example.pdf").stat().st_size > 10_000
    log = (folder / "example.log").read_text(errors="replace")
    assert "Overfull" not in log
    assert "Float too large" not in log
    assert "undefined" not in log.lower()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_a_pgf_figure_can_be_input(report, tmp_path):
    (tmp_path / "f.pgf").write_bytes(pgf(figures(report)[0]))
    document = (
        r"\documentclass{article}\usepackage[T1]{fontenc}\usepackage{pgf}\usepackage{lmodern}"
        r"\begin{document}\resizebox{\linewidth}{!}{\input{f.pgf}}\end{document}"
    )
    (tmp_path / "d.tex").write_text(document)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=600
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_figures_are_the_same_bytes_again(report):
    figure = figures(report)[0]
    assert pdf(figure) == pdf(figure)
    assert page_svg(figure) == page_svg(figure)


def test_drawings_in_a_page_take_its_colours_and_keep_their_ids_apart(report):
    first, second = (page_svg(figure) for figure in figures(report)[:2])
    assert "currentColor" in first
    assert "#01010" not in first
    ids = [set(re.findall(r' id="([^"]+)"', text)) for text in (first, second)]
    assert not ids[0] & ids[1]
    used = set(re.findall(r'(?:url\(#|href="#)([^")]+)', first))
    assert used <= ids[0]


def test_names_in_drawings_are_text(report):
    drawn = svg(figures(report)[0]).decode()
    assert "&lt;/script&gt; &amp; 50%_$x$" in drawn
    assert HOSTILE not in drawn
