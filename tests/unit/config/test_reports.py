"""Reports and branding of a plant file: what is wrong is told with what to write instead."""

from __future__ import annotations

import pytest
from tests.unit.runtime.report.plants import png

from isthmus.model.errors import ConfigError
from isthmus.model.plantfile_report import contrast
from isthmus.runtime.config.branding import LARGEST, examined
from isthmus.runtime.config.load import load

FILE = """
isthmus: 1
enterprise: acme
site: riverside
calendars: {two: {early: "06:00-14:00"}, clean: {maintenance: ["08:00-12:00 Sun"]}}
people: {teams: {leads: {side: ot}}}
types: {Filler: {tags: {state: {legend: packml}}}}
equipment:
  packaging:
    line1: {calendar: two, units: {filler: {type: Filler}}, flow: [filler]}
    line2: {units: {filler: {type: Filler}}, flow: [filler]}
    line3: {calendar: clean, units: {filler: {type: Filler}}, flow: [filler]}
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


def plant(tmp_path, more, files=()):
    for name, body in dict(files).items():
        (tmp_path / name).write_bytes(body)
    file = tmp_path / "plant.yaml"
    file.write_text(FILE + more)
    return load(file)


def test_a_report_is_read_with_its_usual_settings(tmp_path):
    found = plant(tmp_path, "reports: {a: {what: day, forms: pdf, wait: 1 h, notify: leads}}")
    plan = found.reports["a"]
    assert (plan.what, plan.scope, plan.forms, plan.wait) == ("day", "", ("pdf",), 3_600)
    assert (plan.keep, plan.to, plan.notify) == (100, "reports", ("leads",))


@pytest.mark.parametrize(
    ("more", "words", "hint"),
    [
        ("{a: {what: month}}", "`what` cannot be `month`", ""),
        ("{a: {what: day, of: packaging/lin1}}", "no line or area", "packaging/line1"),
        ("{a: {what: shift, of: packaging/line2}}", "`packaging/line2` has no shifts", "calendar"),
        ("{a: {what: shift, of: packaging/line3}}", "`packaging/line3` has no shifts", "shifts"),
        ("{a: {what: day, notify: [lead]}}", "nobody called `lead`", "leads"),
        ("{a: {what: day, forms: []}}", "at least 1", ""),
        ("{A b: {what: day}}", "`A b` is no name", "small letters"),
    ],
)
def test_what_is_wrong_with_a_report_is_told(tmp_path, more, words, hint):
    with pytest.raises(ConfigError) as error:
        plant(tmp_path, f"reports: {more}")
    (mistake,) = error.value.mistakes
    assert words in mistake.text
    assert hint in mistake.hint
    assert mistake.line == len(FILE.splitlines()) + 1


BELOW = "rules: {a: {at: packaging/line3, when: 'kpi(availability, shift) < 9 %', then: [{THEN}]}}"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("exports: {a: {tags: '**/state', each: shift, line: packaging/line3}}", "has no shifts"),
        (BELOW.replace("THEN", "event: x"), "packaging/line3 has no calendar with shifts"),
    ],
)
def test_planned_maintenance_alone_makes_no_shifts(tmp_path, more, words):
    with pytest.raises(ConfigError) as error:
        plant(tmp_path, more)
    (mistake,) = error.value.mistakes
    assert words in mistake.text
    assert plant(tmp_path, more.replace("line3", "line1"))


def test_a_brand_is_read_with_its_logo(tmp_path):
    more = 'branding: {name: ACME, logo: logo.png, accent: "#7A1F2B", footer: ours}'
    brand = plant(tmp_path, more, {"logo.png": png()}).brand
    assert (brand.name, brand.accent, brand.footer) == ("ACME", "#7a1f2b", "ours")
    assert (brand.logo, brand.image) == (png(), "image/png")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("accent: '#9ad0ff'", "too pale for white paper: its contrast is 1."),
        ("accent: blue", "is no colour"),
        ("logo: ../logo.png", "outside of the plant's folder"),
        ("logo: none.png", "reading the logo"),
        ("logo: bad.svg", "holds a `script`"),
    ],
)
def test_what_is_wrong_with_a_brand_is_told(tmp_path, more, words):
    files = {"bad.svg": SVG.format("<script>alert(1)</script>").encode()}
    (tmp_path / "in").mkdir()
    with pytest.raises(ConfigError) as error:
        plant(tmp_path / "in", f"branding: {{{more}}}", files)
    (mistake,) = error.value.mistakes
    assert words in mistake.text


def test_a_link_out_of_the_folder_is_followed_nowhere(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "in" / "logo.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(ConfigError) as error:
        plant(tmp_path / "in", "branding: {logo: logo.png}")
    assert "outside" in error.value.mistakes[0].text


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<path d='M0 0h1'/><use href='#a'/><rect fill='url(#b)'/>", ""),
        ("<script/>", "script"),
        ("<rect onclick='x()'/>", "onclick"),
        ("<foreignObject/>", "foreignObject"),
        ("<image href='http://a.example/x.png'/>", "refers to"),
        ("<image xlink:href='//a.example/x.png'/>", "refers to"),
        ("<a href='javascript:x'/>", "refers to"),
        ("<style>@import url(http://a.example)</style>", "style"),
        ("<rect style='fill:url( http://a.example )'/>", "style"),
        ("<animate attributeName='href'/>", "animate"),
    ],
)
def test_an_svg_holds_no_program_and_reaches_nowhere(inside, words):
    image, fault = examined(SVG.format(inside).encode())
    assert image == "image/svg+xml"
    assert (words in fault) if words else not fault


@pytest.mark.parametrize(
    "body",
    [
        b"GIF89a",
        b"",
        png()[:-20],
        png().replace(b"IDAT", b"IDAX"),
        png(wide=5_000, high=1),
        b"<!DOCTYPE svg [<!ENTITY a 'a'>]>" + SVG.format("").encode(),
        b"<html/>",
        png() + b"x" * LARGEST,
    ],
)
def test_what_is_no_whole_image_is_refused(body):
    assert examined(body)[1]


def test_contrast_is_that_of_wcag():
    assert contrast("#000000") == pytest.approx(21)
    assert contrast("#ffffff") == pytest.approx(1)
    assert contrast("#767676") == pytest.approx(4.54, abs=0.01)


def test_a_key_figure_of_the_plants_own_is_a_goal(tmp_path):
    more = """
kpis: {good_per_hour: {formula: GQ / APT, unit: 1/h, better: more}}
scorecard: {good_per_hour: {target: 900}, other: {measure: good_per_our}}
"""
    with pytest.raises(ConfigError) as error:
        plant(tmp_path, more)
    (mistake,) = error.value.mistakes
    assert "there is no measure `good_per_our`" in mistake.text
    assert "good_per_hour" in mistake.hint
    goals = plant(tmp_path, more.replace("good_per_our", "good_per_hour")).goals
    assert {each.measure for each in goals.values()} == {"good_per_hour"}
