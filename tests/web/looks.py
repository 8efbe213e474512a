"""What a page looks like, measured: its pixels, what sticks out, what can be reached."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

import numpy as np

SATURATED, STRONG = 0.40, 40
SELECTION = (200.0, 220.0)

_PIXELS = """async (png) => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + png;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const ink = canvas.getContext('2d');
  ink.drawImage(image, 0, 0);
  const all = ink.getImageData(0, 0, image.width, image.height).data;
  let text = '';
  for (let at = 0; at < all.length; at += 32768)
    text += String.fromCharCode(...all.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}"""


def pixels(page, **how):
    """The screenshot of `page` as height x width x 3 of 0 to 255."""
    png = base64.b64encode(page.screenshot(**how)).decode()
    width, height, raw = page.evaluate(_PIXELS, png)
    shape = (height, width, 4)
    return np.frombuffer(base64.b64decode(raw), np.uint8).reshape(shape)[:, :, :3].astype(float)


def coloured(picture):
    """Where `picture` has a colour that is neither grey nor the selection's blue; hue in degrees.

    Saturation as in HSV. Faint tints tell pens apart and stay below the bound.
    """
    high, low = picture.max(axis=2), picture.min(axis=2)
    chroma = high - low
    red, green, blue = np.moveaxis(picture, 2, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        saturation = np.where(high > 0, chroma / high, 0)
        hue = np.select(
            [high == red, high == green],
            [(green - blue) / chroma % 6, (blue - red) / chroma + 2],
            (red - green) / chroma + 4,
        )
    hue = np.where(chroma > 0, hue * 60, 0)
    strong = (saturation > SATURATED) & (chroma > STRONG)
    own = (hue >= SELECTION[0]) & (hue <= SELECTION[1])
    rows, columns = np.nonzero(strong & ~own)
    return [
        (int(column), int(row), tuple(picture[row, column].astype(int)), float(hue[row, column]))
        for row, column in zip(rows, columns, strict=True)
    ]


CUT = """() => {
  const cut = [];
  for (const element of document.querySelectorAll('isthmus-shell *')) {
    if (!element.clientWidth || element.closest('.vh, svg, [aria-hidden=true]')) continue;
    const words = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!words) continue;
    const style = getComputedStyle(element);
    const hidden = /hidden|clip/.test(style.overflowX);
    const more = style.textOverflow === 'ellipsis';
    if (hidden && element.scrollWidth > element.clientWidth + 1 && !more)
      cut.push(`${element.localName}.${element.className}: ${element.textContent.trim()}`);
  }
  return cut;
}"""
"""Texts that end without a sign that there is more."""

WIDE = """() => {
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide <= 0) return [];
  return [...document.querySelectorAll('isthmus-shell *')]
    .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
    .map((element) => `${wide} px: ${element.localName}.${element.className}`).slice(0, 8);
}"""
"""What is wider than the window."""

CHARTS = """() => {
  const empty = [];
  for (const trend of document.querySelectorAll('isthmus-trend')) {
    const inked = [...trend.querySelectorAll('canvas')].some((canvas) => {
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      let count = 0;
      for (let at = 3; at < data.length; at += 4) if (data[at] > 40) count += 1;
      return count > 200;
    });
    if (!inked) empty.push('isthmus-trend without ink');
  }
  for (const chart of document.querySelectorAll('isthmus-chart, isthmus-state-ribbon')) {
    if (chart.clientWidth && !chart.querySelector('svg path, svg rect'))
      empty.push(`${chart.localName} ${chart.label ?? ''} is empty`);
  }
  return empty;
}"""
"""Charts that show nothing."""

MUTE = """() => {
  const mute = [];
  const name = (element) => (element.getAttribute('aria-label') || element.title
    || element.labels?.[0]?.textContent || element.textContent || '').trim();
  for (const element of document.querySelectorAll('a[href], button, input, [role=treeitem]'))
    if (element.checkVisibility() && !name(element)) mute.push(element.outerHTML.slice(0, 120));
  for (const element of document.querySelectorAll('[role=img]'))
    if (!name(element)) mute.push(element.outerHTML.slice(0, 120));
  for (const canvas of document.querySelectorAll('canvas'))
    if (!canvas.closest('[aria-hidden=true]')) mute.push('a canvas without words');
  return mute;
}"""
"""Controls and pictures without words for those who do not see them."""

NUMBERS = """() => [...document.querySelectorAll(
    'main#page isthmus-value b, main#page [role=treeitem], isthmus-links td.num, isthmus-tap td')]
  .map((element) => element.textContent.trim()).join('|')"""
"""All live values on the page."""

AXE = Path(__file__).parents[2] / "ui/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@cache
def _axe():
    return AXE.read_text("utf-8")


def barriers(page):
    """What keeps some people from using `page`, as axe-core finds it by WCAG 2.1 A and AA."""
    page.evaluate(_axe())
    found = page.evaluate("(rules) => axe.run(document, { runOnly: rules })", RULES)
    return [
        f"{each['id']}: {each['help']}: {node['target']} {node['html'][:200]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
