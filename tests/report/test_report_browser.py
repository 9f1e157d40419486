"""The page in Chromium: no console error, no request; tables sort, the gallery filters, layers toggle."""

import json
import shutil

import pytest
from report_runs import HOSTILE

from rebench.report.writing import write_report

webdriver = pytest.importorskip("selenium.webdriver")
WebDriverWait = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (BROWSER and DRIVER), reason="needs Chromium and its driver"),
]


@pytest.fixture(scope="module")
def open_page(written):
    """Opens the page in a browser with further flags; all are closed in the end."""
    browsers = []

    def opened(*flags, scripts=True, folder=written):
        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,900", *flags):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        if not scripts:
            options.add_experimental_option(
                "prefs", {"profile.managed_default_content_settings.javascript": 2}
            )
        browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        browsers.append(browser)
        browser.get((folder / "report.html").as_uri())
        return browser

    yield opened
    for browser in browsers:
        browser.quit()


@pytest.fixture(scope="module")
def browser(open_page):
    return open_page()


def find(browser, selector):
    return browser.find_element("css selector", selector)


def visible(browser):
    return [card for card in browser.find_elements("css selector", ".card") if card.is_displayed()]


def column(browser, table, place):
    script = "return [...document.querySelectorAll(`#${arguments[0]} tbody:first-of-type tr`)].map("
    return browser.execute_script(script + "row => row.cells[arguments[1]].dataset.sort)", table, place)


def choose(browser, name, value):
    script = "const s = arguments[0]; s.value = arguments[1]; s.dispatchEvent(new Event('change'))"
    browser.execute_script(script, find(browser, f"select[name={name}]"), value)


def test_nothing_is_logged_and_nothing_is_asked_for(open_page):
    browser = open_page()
    assert browser.get_log("browser") == []
    sent = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"]["request"]["url"] for m in sent if m["method"] == "Network.requestWillBeSent"]
    assert asked
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert browser.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_hostile_names_are_shown_and_not_run(browser):
    assert HOSTILE in find(browser, "h1").text
    assert browser.execute_script("return document.querySelectorAll('script').length") == 2
    assert "\U0001f600" in find(browser, ".cards").text
    assert "הקופסה" in find(browser, ".cards").text


def test_tables_sort_by_click_and_by_key(browser):
    from selenium.webdriver.common.keys import Keys

    head = find(browser, "#boxes-test-miou thead tr:last-child th:nth-child(2)")
    head.click()
    down = [float(value) for value in column(browser, "boxes-test-miou", 1)]
    assert down == sorted(down, reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    head.send_keys(Keys.ENTER)
    up = [float(value) for value in column(browser, "boxes-test-miou", 1)]
    assert up == sorted(up)
    assert up != down


def test_the_gallery_filters_and_orders(browser):
    everything = len(visible(browser))
    choose(browser, "kind", "random")
    some = visible(browser)
    assert 0 < len(some) <= everything
    assert all("random" in card.get_attribute("data-kinds") for card in some)
    choose(browser, "kind", "")
    choose(browser, "group", "both")
    assert {card.get_attribute("data-group") for card in visible(browser)} == {"both"}
    choose(browser, "group", "")
    choose(browser, "outcome", "wrong_instance")
    choose(browser, "first", "2")
    firsts = {card.get_attribute("data-outcomes").split()[2] for card in visible(browser)}
    assert firsts == {"wrong_instance"}
    choose(browser, "outcome", "")
    choose(browser, "order", "worst")
    ious = [json.loads(card.get_attribute("data-ious"))[2] for card in visible(browser)]
    assert ious == sorted(ious)
    assert len(ious) == everything


def test_layers_toggle(browser):
    path = find(browser, ".card:not([hidden]) .layer.target")
    assert path.value_of_css_property("display") == "inline"
    box = find(browser, "input[name=target]")
    box.click()
    assert path.value_of_css_property("display") == "none"
    box.click()
    assert path.value_of_css_property("display") == "inline"
    choose(browser, "first", "0")
    choose(browser, "second", "1")
    shown = browser.find_elements("css selector", ".card:first-child .layer.model.first")
    assert [path.get_attribute("data-model") for path in shown] == ["0"]


def test_without_scripts_everything_is_there_but_the_tools(open_page):
    browser = open_page(scripts=False)
    assert len(visible(browser)) > 0
    assert not find(browser, ".tools").is_displayed()
    assert find(browser, "#boxes-test-miou tbody").text
    assert find(browser, ".card .layer.first").value_of_css_property("display") == "inline"


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_is_no_wider_than_the_window(open_page, width):
    browser = open_page(f"--window-size={width},900")
    script = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert browser.execute_script(script) == 0


def test_pictures_that_the_page_holds_are_there_to_be_printed(open_page):
    browser = open_page()
    script = "return [...document.images].map(i => i.complete && i.naturalWidth > 0)"
    there = browser.execute_script(script)
    assert there
    assert all(there)


def test_pictures_in_a_folder_are_shown(open_page, report, tmp_path, monkeypatch):
    monkeypatch.setattr("rebench.report.writing.INLINED", 0)
    write_report(report, tmp_path, ["html"])
    browser = open_page(folder=tmp_path)
    find(browser, ".cards").location_once_scrolled_into_view  # noqa: B018 - pictures are loaded when seen
    script = "return [...document.images].filter(i => i.complete && i.naturalWidth).length"
    WebDriverWait(browser, 20).until(lambda browser: browser.execute_script(script) > 0)
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
