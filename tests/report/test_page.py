from html.parser import HTMLParser

from vaekit.figures import rates
from vaekit.report import code, details, facts, figure, page, section, table, text

VOID = {"meta", "br", "img", "link"}


class Balanced(HTMLParser):
    """Fails where a tag closes that did not open."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def balanced(html):
    parser = Balanced()
    parser.feed(html)
    assert parser.open == []
    return html


def test_a_page_is_whole_and_needs_nothing_from_elsewhere():
    made = section(
        "One & two", text("a `b` **c**"), figure(rates([1.0]), "caption", "worry"), table(["x"], [[1]]),
        facts(("1", "one")), code("x < y"), details("more", text("z")),
    )  # fmt: skip
    html = balanced(page("Title", "Lead.", [made], "Foot."))
    assert html.startswith("<!doctype html>")
    assert "<svg" in html
    assert "prefers-color-scheme: dark" in html
    assert 'href="#one-two"' in html
    assert 'id="one-two"' in html
    assert "<script" not in html
    assert "url(http" not in html
    assert 'src="' not in html


def test_what_comes_from_data_is_escaped():
    evil = "<script>alert('&')</script>"
    html = table([evil], [[evil]], evil) + text(evil) + facts((evil, evil)) + code(evil) + "".join(section(evil))
    assert "<script>" not in html.replace(section(evil)[0], "")


def test_cells_of_a_table():
    html = table(["a", "b", "c"], [[1234.5, "EWR", "3.1%"], [None, None, "4%"]], mark=[(0, 1)])
    assert '<td class="num">1,234</td><td class="mark">EWR</td><td class="num">3.1%</td>' in html
    assert '<td class="num">—</td><td>—</td>' in html


def test_only_neighbours_are_linked():
    assert text("[a.html]") == '<p><a href="a.html">a.html</a></p>\n'
    assert "<a" not in text("[http://x/a.html]")
