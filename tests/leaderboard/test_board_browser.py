"""The page of a board in Chromium: no console error, no request; it sorts and filters."""

import json
import shutil
from dataclasses import replace

import pytest
from board_stripes import NOTHING

from rebench.leaderboard.page import render
from rebench.leaderboard.submit import submit

webdriver = pytest.importorskip("selenium.webdriver")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs Chromium and its driver"),
]

HOSTILE = "' onclick='alert(1) \" & {{ 7*7 }} 50 %_$x$ 日本"


@pytest.fixture
def browser(board, make_run, split, tmp_path):
    details = replace(NOTHING, text_encoder=HOSTILE, trained_on=("refcoco:train", HOSTILE))
    submit(make_run("late", 3), board, details, split=split)
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    browser.get(render(board, tmp_path / "page").as_uri())
    yield browser
    browser.quit()


def models(browser):
    """The models of the rows that are shown, in order."""
    script = """return [...document.querySelectorAll('table.board tbody tr')]
        .filter(row => !row.hidden).map(row => row.cells[1].textContent)"""
    return browser.execute_script(script)


def choose(browser, name, value):
    script = """const field = document.querySelector(`[name="${arguments[0]}"]`);
        field.value = arguments[1]; field.dispatchEvent(new Event("input", {bubbles: true}))"""
    browser.execute_script(script, name, value)


def test_the_page_sorts_filters_and_asks_for_nothing(browser):
    assert models(browser) == ["good", "fair", "late", "poor"]
    heads = browser.find_elements("css selector", "table.board thead tr:last-child th")
    by_name = next(head for head in heads if head.text == "model")
    by_name.click()
    assert sorted(models(browser)) in (models(browser), models(browser)[::-1])
    next(head for head in heads if head.text == "mIoU").click()
    assert models(browser)[0] in ("good", "poor")

    choose(browser, "encoder", HOSTILE)
    assert models(browser) == ["late"]
    choose(browser, "encoder", "")
    choose(browser, "training", "nothing")
    assert sorted(models(browser)) == ["fair", "good", "poor"]
    choose(browser, "model", "oo")
    assert sorted(models(browser)) == ["good", "poor"]
    assert browser.find_element("css selector", ".tools output").text == "2 of 4"

    assert browser.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"]
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
