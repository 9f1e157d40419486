"""The LaTeX of a report compiles, hostile names and all; PDF, SVG and PGF say the same."""

import re
import shutil
import subprocess

import pytest
from matplotlib.text import Text
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


@pytest.mark.parametrize("width", [3.25, 3.5, 5.5, 7.0])
def test_figures_fit_their_width_and_can_be_read(report, width):
    from dataclasses import replace

    from rebench.report.figures.style import PAPER, drawing

    style = replace(PAPER, width=width)
    for figure in figures(report):
        with drawing(style, figure.name):
            canvas = figure.draw(style)
            canvas.draw_without_rendering()
            texts = [text for text in canvas.findobj(Text) if text.get_text() and text.get_visible()]
            box = canvas.get_tightbbox()
        assert canvas.get_figwidth() <= width, figure.name
        assert min(text.get_fontsize() for text in texts) >= 6, figure.name
        assert box.x0 >= -0.02, figure.name
        assert box.x1 <= width + 0.02, figure.name


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdflatex")
def test_narrow_figures_stand_in_a_column_as_they_are(report, tmp_path):
    write_report(report, tmp_path, ["latex"], width=3.25)
    folder = tmp_path / "latex"
    shown = "\\par\n".join(rf"\includegraphics{{{figure.name}}}" for figure in figures(report))
    head = r"\documentclass[10pt,twocolumn]{article}\usepackage{graphicx}\parindent=0pt\columnsep=0.3125in"
    size = r"\textwidth=6.875in\hsize=\textwidth\textheight=8.875in"
    (folder / "d.tex").write_text(f"{head}{size}\\begin{{document}}{shown}\\end{{document}}")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "d.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=600)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "Overfull" not in (folder / "d.log").read_text(errors="replace")


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
