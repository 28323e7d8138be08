"""Finishes the pages that Doxygen made: navigation, links from names in code to what they name, and
a check of every link.

    python3 docs/site/finish.py DIRECTORY NAMES

NAMES is Doxygen's tag file. Pages that none leads to are deleted. The exit status is 1 if a link
leads nowhere.
"""

import html
import os
import re
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

NAMESPACE = "service_accounts"
FIRST = "index.html"
DOCUMENTATION = "documentation.html"
REFERENCE = "namespaceservice__accounts.html"
# In the order in which they are read; other pages follow by their names.
PAGES = ["reliability.html", "security.html", "architecture.html", "benchmarks.html", "footprint.html"]
PROJECT = ["changelog.html", "contributing.html"]


# Links that say nothing more, and an anchor of Doxygen's that holds a path of the machine.
NOTHING_IN_IT = re.compile(r'<a href="[^"]*"><span class="icondoc"></span></a>|<a href="[^"]*">More\.\.\.</a>'
                           r'|<a class="anchor" id="md_[^"]*"></a>|<span class="mlabel">strong</span>')


class Page(HTMLParser):
    """The links and the anchors of a page, and its title."""

    def __init__(self, text):
        super().__init__()
        self.links, self.anchors = [], set()
        self.titles = re.findall(r'<div class="title">(.*?)</div>', text, re.S)
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src", "srcset"):
                self.links.append(value)
            elif name in ("id", "name"):
                self.anchors.add(value)

    @property
    def title(self):
        return re.sub(r"<span.*?</span>|<[^>]*>", "", self.titles[0]).strip() if self.titles else ""


class Names:
    """Where each public name is explained, by the way that one writes it."""

    def __init__(self, tag_file):
        self.places, self.enumerators = {}, {}
        for compound in ElementTree.parse(tag_file).getroot():
            if compound.get("kind") in ("class", "struct", "namespace"):
                self.add_compound(compound)

    def add_compound(self, compound):
        name = compound.findtext("name").removeprefix(NAMESPACE).removeprefix("::")
        prefix = name + "::" if name else ""
        if name:
            self.places[name] = compound.findtext("filename")
        for member in compound.findall("member"):
            self.add(prefix + member.findtext("name"), member.findtext("anchorfile"), member.findtext("anchor"))
            for value in member.findall("enumvalue"):
                full_name = f"{prefix}{member.findtext('name')}::{value.text}"
                place = self.add(full_name, value.get("file"), value.get("anchor"))
                self.enumerators.setdefault(value.text, set()).add(place)

    def add(self, name, file, anchor):
        return self.places.setdefault(name, f"{file}#{anchor}")

    def place(self, code, scope):
        """Of a name as in "`Result::value()`"; `scope` is the class whose page it is on. None: it is
        no public name, or there are two."""
        if not re.match(r"k?[A-Z]", code) and "::" not in code and "()" not in code:
            return None  # "timeout" may be anything.
        name = code.removesuffix("()").removeprefix(NAMESPACE + "::")
        if name in self.enumerators:
            places = self.enumerators[name]
            return next(iter(places)) if len(places) == 1 else None
        return self.places.get(f"{scope}::{name}") or self.places.get(name) or self.places.get("testing::" + name)


def link_names(name, text, names):
    """Within one page, links each `code` that is a public name, but to the page that it is on."""
    scope = next((scope for scope, place in names.places.items() if place == name), "")

    def linked(match):
        place = names.place(html.unescape(match[1]), scope)
        if place is None or place == name:
            return match[0]
        return f'<a class="name" href="{place}">{match[0]}</a>'

    parts = re.split(r"(<a [^>]*href.*?</a>|<pre.*?</pre>|<h[1-6]>.*?</h[1-6]>)", text, flags=re.S)
    parts[::2] = [re.sub(r"<code>([A-Za-z_][\w:]*(?:\(\))?)</code>", linked, part) for part in parts[::2]]
    return "".join(parts)


def tidied(text):
    """Without Doxygen's words around a title, and without what says nothing."""
    text = re.sub(r'(<div class="title">)(.*?) ((?:Class|Struct|Namespace|File|Directory)(?: Template)?) Reference',
                  lambda found: f'{found[1]}<span class="kind">{found[3].lower()}</span>{found[2]}', text)
    text = re.sub(r"<title>.*</title>", f"<title>{Page(text).title} - {NAMESPACE}</title>", text)
    # An address in code is no link: "http://" alone leads nowhere.
    text = re.sub(r'<code><a href="https?:[^"]*"[^>]*>([^<]*)</a></code>', r"<code>\1</code>", text)
    return NOTHING_IN_IT.sub("", text)


def entry(page, title, current):
    mark = ' aria-current="page"' if page == current else ""
    return f'<li><a href="{page}"{mark}>{title}</a></li>'


def group(title, entries, current):
    lines = [entry(page, title, current) for page, title in entries]
    return f"<h2>{title}</h2>\n<ul>\n" + "\n".join(lines) + "\n</ul>\n" if lines else ""


def classes_in_order(reference):
    """The types that the reference's first page leads to, in its order."""
    begin = reference.find('class="textblock"')
    block = reference[begin : reference.find("<table", begin)]
    found = re.findall(r'href="((?:class|struct)[^"#]*\.html)"><code>([^<]*)</code>', block)
    return list(dict.fromkeys(found))


def contents(pages, texts):
    """The navigation's groups: a title, and addresses with theirs."""
    def titled(names):
        return [(name, pages[name].title) for name in names if name in pages]

    order = [link.partition("#")[0] for link in pages[DOCUMENTATION].links] if DOCUMENTATION in pages else []
    guides = sorted((name for name in pages if name.startswith("guide-")),
                    key=lambda name: (order.index(name) if name in order else len(order), name))
    placed = {FIRST, DOCUMENTATION, *guides, *PAGES, *PROJECT}
    others = sorted(name for name, text in texts.items() if '<!-- PageDoc -->' in text and name not in placed)
    start = [(FIRST, "Overview"), *titled([DOCUMENTATION])]
    reference = [(REFERENCE, "Where to begin"), *classes_in_order(texts[REFERENCE]), ("annotated.html", "All types"),
                 ("files.html", "Headers"), ("examples.html", "Examples")]
    return [("Start", start), ("Guides", titled(guides)), ("Background", titled(PAGES + others)),
            ("Reference", reference), ("Project", titled(PROJECT))]


def navigation(groups, current):
    inside = "".join(group(title, entries, current) for title, entries in groups)
    return (f'<a class="home" href="{FIRST}">service_accounts</a>\n'
            f'<details class="menu" open><summary>Contents</summary>\n<nav>\n{inside}</nav></details>\n'
            # Where it is above the text it begins closed; without scripts it is open everywhere.
            '<script>if (innerWidth < 1024) document.querySelector(".menu").open = false;</script>')


def is_outside(link):
    return bool(re.match(r"[a-z]+:|//", link))


def reachable(pages, files):
    """All that the first page leads to, by way of others."""
    seen, ahead = set(), [FIRST]
    while ahead:
        name = ahead.pop()
        if name in seen or name not in files:
            continue
        seen.add(name)
        links = pages[name].links if name in pages else []
        ahead += [urllib.parse.unquote(link.partition("#")[0]) for link in links if not is_outside(link)]
    return seen


def broken_links(pages, files):
    for name, page in sorted(pages.items()):
        for link in page.links:
            if is_outside(link):
                continue
            target, _, anchor = urllib.parse.unquote(link).partition("#")
            target = target or name
            if target not in files:
                yield f"{name}: a link to {link}: there is no such page"
            elif anchor and target in pages and anchor not in pages[target].anchors:
                yield f"{name}: a link to {link}: there is no such place on that page"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def files_in(directory):
    return {os.path.relpath(os.path.join(folder, name), directory)
            for folder, _, names in os.walk(directory) for name in names}


def main():
    directory, tag_file = sys.argv[1:]
    os.chdir(directory)
    names = Names(tag_file)
    texts = {name: link_names(name, tidied(read(name)), names) for name in files_in(".") if name.endswith(".html")}
    groups = contents({name: Page(text) for name, text in texts.items()}, texts)
    for name, text in texts.items():
        texts[name] = text.replace("<!-- navigation -->", navigation(groups, name))
        with open(name, "w", encoding="utf-8") as file:
            file.write(texts[name])

    pages = {name: Page(text) for name, text in texts.items()}
    files = files_in(".")
    kept = reachable(pages, files)
    for name in files - kept:
        os.remove(name)
    broken = list(broken_links({name: page for name, page in pages.items() if name in kept}, kept))
    print("\n".join(broken), end="\n" if broken else "", file=sys.stderr)
    sys.exit(1 if broken else 0)


main()
