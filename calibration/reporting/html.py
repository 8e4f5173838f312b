"""The page's building blocks: cards, tables, sections. Every text is escaped here, once.

A fragment that is already markup has the type ``Html``; anything else is text and is escaped,
so a robot named ``<script>`` is only a strange name.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Template

from calibration.reporting.palette import DARK, LIGHT, css_variables

_HERE = Path(__file__).parent


class Html(str):
    """Markup that is safe to insert as it is."""

    __slots__ = ()


def markup(value: object) -> Html:
    """Return ``value`` as markup: ``Html`` as it is, everything else escaped."""
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def join(parts: Iterable[object], separator: str = "\n") -> Html:
    """Concatenate fragments, escaping those that are text."""
    return Html(separator.join(markup(part) for part in parts))


@dataclass(frozen=True)
class Card:
    """One key figure: what it is, its value with unit, and whether it meets its bound."""

    label: str
    value: str
    note: str = ""
    good: bool | None = None
    """``True`` or ``False`` where there is a bound to meet, ``None`` otherwise."""


def cards(items: Sequence[Card]) -> Html:
    """Return the grid of key figures."""
    tone = {True: " good", False: " bad", None: ""}
    return join(
        [
            Html('<div class="cards">'),
            *(
                Html(
                    f'<div class="card{tone[card.good]}"><span class="label">{markup(card.label)}</span>'
                    f'<span class="value">{markup(card.value)}</span>'
                    f'<span class="note">{markup(card.note)}</span></div>'
                )
                for card in items
            ),
            Html("</div>"),
        ]
    )


def table(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Html:
    """Return a table; the first column is text, the others are figures, aligned right."""
    head = "".join(f"<th>{markup(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{markup(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return Html(f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def figure(content: Html, caption: str) -> Html:
    """Return a plot, an image or a video with its caption."""
    return Html(f"<figure>{content}<figcaption>{markup(caption)}</figcaption></figure>")


def paragraph(text: object) -> Html:
    """Return one paragraph."""
    return Html(f"<p>{markup(text)}</p>")


def missing(what: str, command: str) -> Html:
    """Say what is not there and which command makes it."""
    return Html(f'<p class="missing">{markup(what)}: run <code>{markup(command)}</code></p>')


def section(identifier: str, title: str, *content: Html) -> Html:
    """Return one titled section; ``identifier`` is its link target."""
    return join([Html(f'<section id="{markup(identifier)}"><h2>{markup(title)}</h2>'), *content, Html("</section>")])


def page(title: str, subtitle: str, contents: Sequence[tuple[str, str, Html]], head: Html, footer: str) -> str:
    """Return the whole document.

    Args:
        title: heading and window title.
        subtitle: one line under the heading.
        contents: sections as ``(identifier, title, fragments)``.
        head: fragment between the heading and the first section (the cards).
        footer: provenance, one line.
    """
    navigation = join(Html(f'<a href="#{markup(name)}">{markup(label)}</a>') for name, label, _ in contents)
    return Template((_HERE / "page.html").read_text()).substitute(
        title=markup(title),
        subtitle=markup(subtitle),
        style=_style(),
        script=(_HERE / "page.js").read_text(),
        navigation=navigation,
        head=head,
        sections=join(section(name, label, body) for name, label, body in contents),
        footer=markup(footer),
    )


def _style() -> str:
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {css_variables(DARK)} }} }}"
    return "\n".join([f":root {{ {css_variables(LIGHT)} }}", dark, (_HERE / "page.css").read_text()])
