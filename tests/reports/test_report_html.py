"""`report.html`, as a reader, a browser and a printer meet it."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from lxml import html as lxml_html

from dicomweb_reports.page import noted as noted_in
from dicomweb_reports.report_html import html
from tests.reports.realistic_run import realistic
from tests.reports.run_directory import ROWS, RunDirectory, finding, studies

if TYPE_CHECKING:
    from pathlib import Path


def page_of(text: str) -> Any:
    """Return the parsed page, without the places where a line may be broken."""
    return lxml_html.document_fromstring(text.replace("<wbr>", ""))


def text_of(element: Any) -> str:
    """Return what is read, white space folded."""
    return " ".join(" ".join(element.itertext()).split())


def card_of(page: Any, claim: str) -> Any:
    """Return the part of the page on the check with that claim."""
    return next(card for card in page.iter("article") if claim in text_of(card))


@pytest.fixture(scope="module")
def source(faulty: RunDirectory) -> str:
    return html(faulty.load())


@pytest.fixture(scope="module")
def page(source: str) -> Any:
    return page_of(source)


def test_the_top_says_who_was_judged_and_how_it_went(page: Any) -> None:
    top = text_of(page.find(".//header"))

    assert "Example Medical Archive 4.2" in top
    assert "Does not conform" in top
    assert "4 of 23 checks failed: 2 in search, 1 in store and 1 in retrieve" in top
    for fact in ("https://pacs.example/dicom-web", "build 20261101", "dicomweb-conformance 0.1.0", "dicom", "1234"):
        assert fact in top
    assert "22 November 2026, 23:50 UTC" in top
    assert "Core 22 checks 6 fail , 1 deviates , 11 hold , 3 could not be judged , 1 does not apply" in top
    assert "Extended 1 check 1 holds" in top
    assert "Not the whole run" not in top


def test_a_failure_holds_all_that_is_needed(page: Any) -> None:
    text = text_of(card_of(page, "limit=2 returns two matches when more than two exist."))

    for part in (
        "More objects than limit: 4",
        "SEARCH-069 shall PS3.18 8.3.4.4 limit sets the greatest number of results.",
        "Observed more objects than limit At GET /studies, limit=2",
        "Expected two objects or one object, then two",
        "Received 4 objects",
        "Why it matters dcmweb, Slicer and dicomweb-client page until an empty answer",
        "GET /studies?PatientID=DWC-1234&limit=2",
        "200 OK 12 ms",
        "Authorization: Bearer ***",
        "HTTP/1.1 200 OK Content-Type: application/dicom+json",
        '"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Zhang^Sally"}]},',
        "curl -sS -i --http1.1 -H 'Accept: application/dicom+json' -H \"Authorization: Bearer $DICOMWEB_TOKEN\"",
    ):
        assert part in text


def test_every_acceptable_answer_is_listed(page: Any) -> None:
    card = card_of(page, "A POST to a study refuses an instance of another one.")
    expected = card.xpath(".//div[@class='expected']")[0]

    assert [text_of(answer) for answer in expected.iter("p")] == [
        "Expected",
        "409 with the instance in FailedSOPSequence, reason A-coded 0xA900",
        "or 409, the instance in FailedSOPSequence, not retrievable under either study",
        "or 409 without a module (with a note)",
    ]


def test_the_sections_stand_in_the_order_of_their_weight(page: Any) -> None:
    headings = [text_of(heading) for heading in page.find(".//main").iter("h2")]

    assert headings == [
        "Services and verdicts",
        "What to repair first 5",
        "Before a command is repeated",
        "Failures 4",
        "Unexpected passes 1",
        "Errors of the suite 1",
        "Known failures 1",
        "Media types 3",
        "Time per exchange 17",
        "Deviations 1",
        "Inconclusive 2",
        "Not applicable 1",
        "Notes 1",
        "Passes 11",
        "Requirements",
        "Observed conformance statement 1",
        "Capabilities",
        "Test data on the server 2",
        "After the run",
        "Known failures out of date 1",
    ]


def test_inconclusive_checks_are_grouped_by_their_reason(page: Any) -> None:
    group = page.xpath("//section[h2[@id='inconclusive']]/ul/li")

    assert len(group) == 1
    text = text_of(group[0])
    assert "the study monochrome could not be stored" in text
    assert "500 Internal Server Error (main-1)" in text
    assert "2 checks A MONOCHROME2 image is rendered. rendered-monochrome2, core An RGB image is rendered." in text


def test_errors_of_the_suite_are_not_the_server_s(page: Any) -> None:
    card = text_of(card_of(page, "A PALETTE COLOR image is rendered."))

    assert "This is a fault of the suite, not of the server." in card
    assert 'KeyError: "PALETTE <COLOR>"' in card
    assert "Why it matters" not in card


def test_services_requirements_data_capabilities_and_leftovers(page: Any) -> None:
    table = {
        text_of(row[0]): [text_of(cell) for cell in row[1:]]
        for row in page.xpath("//section[h2[@id='services']]//tbody/tr")
    }
    assert table["search"] == ["", "2", "·", "·", "·", "·", "1", "·", "8", "·", "11"]
    requirements = text_of(page.xpath("//section[h2[@id='requirements']]")[0])
    assert "STORE-001 shall PS3.18 10.3 Table 10.3-2 / 10.5.1.1.1 POST /studies stores instances" in requirements
    assert "store 2 requirements, 1 fail, 1 pass" in requirements
    stored = text_of(page.xpath("//section[h2[@id='stored']]")[0])
    assert "four_studies_of_one_patient[0] 2 single-part not multipart: 500 Internal Server Error search" in stored
    assert "tiled_whole_slide 12 not stored" in stored
    assert "search.xml broken yes 500 to GET" in text_of(page.xpath("//section[h2[@id='capabilities']]")[0])
    left = text_of(page.xpath("//section[h2[@id='left']]")[0])
    assert "2 studies are still on the server: Which, and why 2.25.30440 405 to DELETE" in left


def test_a_run_that_broke_off_says_so_at_the_top(tmp_path: Path) -> None:
    page = page_of(html(realistic(tmp_path / "run", ended=False).load()))

    banner = text_of(page.xpath("//p[@class='banner']")[0])
    assert banner == "Not the whole run. This run broke off: its record has no end. 17 of 23 planned checks concluded."
    assert "6 checks A MONOCHROME1 image is rendered" in text_of(page.xpath("//section[h2[@id='not-concluded']]")[0])


@pytest.mark.parametrize(("interrupted", "says"), [(True, "was interrupted"), (False, "stopped before its end")])
def test_a_run_that_was_stopped_says_so_too(directory: RunDirectory, interrupted: bool, says: str) -> None:
    directory.header()
    directory.plan(("search-limit-caps", "SEARCH-069", "A limit holds."))
    directory.footer(interrupted=interrupted)

    assert f"This run {says}. 0 of 1 planned checks concluded." in text_of(page_of(html(directory.load())))


@pytest.mark.parametrize("beside", ["fail", "deviation", "note"])
def test_a_failure_may_hold_findings_that_alone_would_be_none(directory: RunDirectory, beside: str) -> None:
    directory.header()
    directory.plan(("search-limit-caps", "SEARCH-069", "A limit holds."))
    told = finding("SEARCH-069", "more objects than limit", beside)
    directory.result("search-limit-caps", "SEARCH-069", "A limit holds.", "fail", findings=[told])
    directory.footer()

    assert "more objects than limit" in text_of(page_of(html(directory.load()))).lower()


def test_hostile_content_is_shown_as_text(source: str, page: Any) -> None:
    assert page.xpath("//img | //iframe | //object | //embed | //form | //base") == []
    assert len(page.xpath("//script")) == 1
    assert not [name for element in page.iter() for name in element.attrib if name.startswith("on")]
    text = text_of(card_of(page, "A search returns names as they were stored."))
    assert r"Received <script>alert('Zhang')</script>\x1b[31m\u202egnp.exe" in text
    assert r"Server: \x1b]0;owned\x07" in text
    assert r'"Value": ["\xff\xfeISO 192"]' in text
    assert all(line.isprintable() for line in source.split("\n"))
    assert len(source) < 100_000


def test_nothing_is_fetched_and_no_script_runs_but_its_own(source: str, page: Any) -> None:
    links = {element.get("href") for element in page.iter("a")}
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']")[0].get("content")
    own = page.xpath("//script")[0].text

    assert all(link.startswith(("#", "https://dicom.nema.org/", "https://www.rfc-editor.org/")) for link in links)
    assert not page.xpath("//@src")
    assert not re.search(r"@import|url\(", source)
    assert policy.startswith("default-src 'none'; ")
    assert f"script-src 'sha256-{b64encode(sha256(own.encode()).digest()).decode()}'" in policy


def test_every_link_leads_somewhere(page: Any) -> None:
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    targets = {link.get("href")[1:] for link in page.iter("a") if link.get("href").startswith("#")}

    assert len(ids) == len(set(ids))
    assert targets <= set(ids)


def test_the_page_can_be_heard(page: Any) -> None:
    assert page.get("lang") == "en"
    levels = [int(heading.tag[1]) for heading in page.iter("h1", "h2", "h3", "h4", "h5")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    for table in page.iter("table"):
        assert table.find("caption") is not None
        assert all(header.get("scope") for header in table.iter("th"))
    assert all(details[0].tag == "summary" for details in page.iter("details"))
    assert all(element.get("aria-label") or element.get("aria-labelledby") for element in page.xpath("//*[@tabindex]"))


def luminance(colour: str) -> float:
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in channels]
    return sum(weight * each for weight, each in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(first: str, second: str) -> float:
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_at_least_aa_in_light_and_dark(source: str) -> None:
    blocks = re.findall(r":root \{(.*?)\}", source, re.DOTALL)
    palettes = [dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", block)) for block in blocks]

    assert len(palettes) == 2
    for palette in palettes:
        backgrounds = [palette.pop("paper"), palette.pop("raised")]
        palette.pop("line")
        assert contrast(palette["ink"], palette.pop("mark")) >= 4.5
        assert len(palette) == 12
        assert {
            name: ratio
            for name, colour in palette.items()
            for background in backgrounds
            if (ratio := contrast(colour, background)) < 4.5
        } == {}


def test_a_page_of_failures_stays_bounded(directory: RunDirectory) -> None:
    directory.header()
    names = list(ROWS)
    checks = [(f"check-{number}", names[number % len(names)], f"Claim {number} holds.") for number in range(600)]
    directory.plan(*checks)
    for check in checks:
        exchange = directory.exchange(answer=studies(40), headers=(("X-Long", "y" * 500),) * 50)
        found = finding(check[1], "none", received='"<&>"' * 300, exchange=exchange)
        directory.result(*check, "fail", findings=[found] * 15, exchanges=[exchange])
    directory.footer()

    source = html(directory.load())

    assert len(source.encode()) < 4_000_000
    assert "in exchanges.har: main-600" in text_of(page_of(source).xpath("//li[contains(., 'check-599')]")[0])


def test_a_target_without_a_product_is_named_by_its_url(directory: RunDirectory) -> None:
    directory.header(target={"url": "http://127.0.0.1:8042/dicom-web", "product": None})

    page = page_of(html(directory.load()))

    assert text_of(page.find(".//h1")) == "http://127.0.0.1:8042/dicom-web"
    assert "Nothing concluded" in text_of(page)


def test_a_finding_without_a_place_says_what_was_observed(directory: RunDirectory) -> None:
    directory.header()
    found = finding("SEARCH-069", "more objects than limit", where="", received="4 objects")
    directory.result("c", "SEARCH-069", "A limit holds.", "fail", findings=[found])

    text = text_of(card_of(page_of(html(directory.load())), "A limit holds."))

    assert "Observed more objects than limit Expected" in text
    assert "Received 4 objects" in text


def test_a_heading_says_what_was_observed_with_short_uids(directory: RunDirectory) -> None:
    directory.header()
    uid = "2.25.30129995807729143446067299634813736503"
    found = finding("SEARCH-069", "none", received=f"missing {uid}")
    directory.result("c", "SEARCH-069", "A limit holds.", "fail", findings=[found])

    heading = page_of(html(directory.load())).xpath("//article/h3")[0]

    assert text_of(heading) == "1 None: missing 2.25.…6503"


def test_a_finding_at_several_places_is_told_once(directory: RunDirectory) -> None:
    directory.header()
    found = [finding("SEARCH-069", "none", where=f"[{number}].00100010", received="'x'") for number in range(3)]
    directory.result("c", "SEARCH-069", "A limit holds.", "fail", findings=found)

    told = page_of(html(directory.load())).xpath("//div[@class='finding']")

    assert len(told) == 1
    assert "Observed none, 3 times At [0].00100010; [1].00100010; [2].00100010" in text_of(told[0])


@pytest.mark.parametrize("worse", ["deviation", "fail"])
def test_a_note_beside_what_is_worse_is_told_as_well(directory: RunDirectory, worse: str) -> None:
    directory.header()
    beside = finding("SEARCH-069", "a blank", "note", where="00080050", received="'A12 '")
    directory.result(
        "search-limit", "SEARCH-069", "A claim.", worse, findings=[finding("SEARCH-069", "5", worse), beside]
    )

    (noted,) = noted_in(directory.load())

    assert (noted.observation, noted.cases) == ("a blank", (("search-limit", "00080050", "'A12 '"),))


def test_what_breaks_clients_is_to_be_repaired_first(directory: RunDirectory) -> None:
    directory.header()
    refused = directory.exchange(path="/studies/2.25.1", status=400, reason="Bad Request")
    alike = directory.exchange(path="/studies/2.25.2", status=400, reason="Bad Request", sent=(("Accept", "*/*"),))
    for number in range(3):
        found = finding("SEARCH-069", "none", received=f"nothing {number}")
        directory.result(f"many[{number}]", "SEARCH-069", "A limit holds.", "fail", findings=[found])
    found = {**finding("RETRIEVE-001", "406", exchange=refused), "code": "4xx"}
    directory.result("one", "RETRIEVE-001", "A study comes.", "fail", findings=[found], core=False)
    broken = {**finding("PERSONA-003", "4xx", "note", exchange=alike), "code": "4xx", "breaks": True}
    directory.result(
        "persona-retrieve[dcmweb]", "SEARCH-069", "A client.", "note", findings=[broken], scenario="persona"
    )

    first, second = page_of(html(directory.load())).xpath("//ol[@class='causes']/li")

    assert text_of(first).startswith("GET /studies/* is answered 400 Bad Request breaks dcmweb 1 check retrieve")
    assert text_of(second).startswith("None: nothing 0 3 checks search SEARCH-069")


def test_a_run_of_ten_thousand_findings_stays_a_page_that_opens(directory: RunDirectory) -> None:
    directory.header()
    checks = [(f"check-{number}", "SEARCH-069", f"Claim {number} holds.") for number in range(10_000)]
    directory.plan(*checks)
    for number, check in enumerate(checks):
        found = finding("SEARCH-069", "none", received=f"{number} of what was expected, and {'more ' * 30}")
        directory.result(*check, "fail", findings=[{**found, "code": f"code-{number % 500}"}])
    directory.footer()

    source = html(directory.load())

    assert len(source.encode()) < 20_000_000
    assert len(page_of(source).xpath("//ol[@class='causes']/li")) == 500


def test_what_is_to_be_repaired_says_of_which_request_and_what_was_asked_of_it(directory: RunDirectory) -> None:
    directory.header()
    several = (("Accept", "image/png, image/jpeg;q=0.1"),)
    refused = directory.exchange(path="/studies/2.25.1/rendered", status=400, reason="Bad Request", sent=several)
    found = {**finding("RETRIEVE-001", "406", exchange=refused), "code": "4xx"}
    directory.result("weights", "RETRIEVE-001", "A type without a weight has weight 1.", "fail", findings=[found])
    lower = directory.exchange(path="/studies?StudyDate=20261122", answer=studies(2))
    found = finding("SEARCH-069", "none", exchange=lower)
    directory.result("dates", "SEARCH-069", "A date is matched.", "fail", findings=[found], core=False)

    first, second = map(text_of, page_of(html(directory.load())).xpath("//ol[@class='causes']/li"))

    asked = "GET /studies/*/rendered with Accept: image/png, image/jpeg;q=0.1 is answered 400 Bad Request"
    assert first.startswith(asked)
    assert "1 check search GET /studies?StudyDate=20261122 SEARCH-069 A date is matched." in second


def test_the_evidence_of_what_is_no_fail_and_all_but_the_first_of_a_failure_is_folded(directory: RunDirectory) -> None:
    directory.header()
    for number, verdict in enumerate(("fail", "deviation")):
        names = [directory.exchange(path=f"/studies?n={number}{each}", answer=studies(1)) for each in range(2)]
        found = [finding("SEARCH-069", f"no {number}", verdict, exchange=name, received=name) for name in names]
        directory.result(f"c{number}", "SEARCH-069", "A limit holds.", verdict, findings=found)

    page = page_of(html(directory.load()))

    shown = {
        verdict: [
            bool(element.xpath("ancestor::details")) for element in page.xpath(f"//article[@id='{verdict}-1']//figure")
        ]
        for verdict in ("fail", "deviation")
    }
    assert shown == {"fail": [False, True], "deviation": [True, True]}


def test_json_of_any_layout_shows_the_place_in_lines_of_one_value_each(directory: RunDirectory) -> None:
    directory.header()
    rows = [
        {
            "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Longer^Than^One^Line" * 4}]},
            "00720067": {"vr": "OF", "Value": [1.5]},
        }
    ]
    answer = json.dumps(rows, indent=8).replace("[{", "[\n  {").encode()
    exchange = directory.exchange(path="/studies", answer=answer)
    found = finding("SEARCH-069", "Value with numbers", where="[0].00720067.Value", exchange=exchange)
    directory.result("c", "SEARCH-069", "A limit holds.", "fail", findings=[found])

    (marked,) = page_of(html(directory.load())).xpath("//pre[@class='body']/mark")

    assert text_of(marked) == '"00720067": {"vr": "OF", "Value": [1.5]}'


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080000000037f56e7d0000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)


def pictured(directory: RunDirectory, *octets: bytes) -> Any:
    """Return the pictures in the page of a finding with these files."""
    directory.header()
    kept = [directory.body(octet) for octet in octets]
    names = [each["sha256"] for each in kept if each]
    found = finding("SEARCH-069", "another picture", pictures=names)
    directory.result("c", "SEARCH-069", "It shows the pixels.", "fail", findings=[found])
    return page_of(html(directory.load())).xpath("//div[@class='pictures']//img")


def test_what_was_rendered_is_shown_beside_what_was_expected_and_the_difference(directory: RunDirectory) -> None:
    images = pictured(directory, PNG, PNG, PNG)

    assert [image.get("alt").partition(":")[0] for image in images] == ["Expected", "Received", "Difference"]
    assert all(image.get("src").startswith("data:image/png;base64,iVBOR") for image in images)
    assert (images[0].get("width"), images[0].get("height")) == ("1", "1")


@pytest.mark.parametrize("odd", [b"<svg onload='x()'/>", PNG + bytes(400_000)], ids=["no PNG", "too large"])
def test_what_is_no_picture_of_the_suite_is_not_shown(odd: bytes, directory: RunDirectory) -> None:
    assert not pictured(directory, PNG, odd, PNG)


def test_the_plot_holds_each_exchange_of_a_long_run(directory: RunDirectory) -> None:
    directory.header()
    for number in range(900):
        directory.exchange(path="/studies", started=f"2026-11-22T23:{number // 60:02}:{number % 60:02}.000Z")

    (path,) = page_of(html(directory.load())).xpath("//*[local-name()='path']/@d")

    assert re.fullmatch(r"(?:M\d+ \d+h0)+", path)
    assert path.count("M") > 700
