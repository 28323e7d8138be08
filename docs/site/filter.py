"""Makes of a source of the site what Doxygen 1.9.4 reads well, on standard output.

    python3 docs/site/filter.py FILE

A header keeps its lines, so that warnings name the right ones, but the comment that it begins with
becomes the file's documentation, and the inline namespace, whose name nobody writes, is left out.
Markdown is GitHub's: headings get GitHub's anchors, and links go to where the site shows their
target. A file that has no page goes along as text. Doxygen runs this with the project's root as the
working directory.
"""

import os
import re
import shutil
import sys

HTML = "build/site/html"


def page_of(path):
    """The address of a Markdown file's page."""
    if path == "README.md":
        return "index.html"
    if path == "docs/README.md":
        return "documentation.html"
    name = os.path.splitext(os.path.basename(path))[0].lower()
    return ("guide-" if path.startswith("docs/guides/") else "") + name + ".html"


def slug(heading):
    """GitHub's anchor for a heading, as far as it is ASCII."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^a-z0-9_ -]", "", text).replace(" ", "-")


def anchor_on(page, name):
    """Doxygen wants an anchor to be the only one of its name in the site."""
    return f"{page.removesuffix('.html')}_{name}"


def escaped(name):
    """A file's name as Doxygen writes it into the name of a page."""
    return name.replace("_", "__").replace(".", "_8")


def copied(path, name):
    """The address of a file that goes along as it is."""
    os.makedirs(os.path.dirname(f"{HTML}/{name}"), exist_ok=True)
    shutil.copyfile(path, f"{HTML}/{name}")
    return name


def address(path):
    """Where the site shows a file or a folder of the project; None: nowhere."""
    name = os.path.basename(path)
    if path.endswith(".md"):
        return page_of(path)
    if path.startswith("include/"):
        return "files.html" if os.path.isdir(path) else escaped(name) + ".html"
    if path == "examples":
        return "examples.html"
    if os.path.dirname(path) == "examples" and path.endswith(".cc"):
        return escaped(name) + "-example.html"
    if not os.path.isfile(path):
        return None
    return copied(path, name if path.endswith(".svg") else f"files/{path}.txt")


class Markdown:
    """One Markdown file on its way into the site."""

    def __init__(self, path):
        self.path = path
        self.page = page_of(path)
        self.anchors = {}

    def target(self, link):
        """Where a link goes in the site; None: the site does not show it."""
        if re.match(r"[a-z]+:", link):
            return link
        path, _, anchor = link.partition("#")
        if not path:
            return "#" + anchor_on(self.page, anchor)
        path = os.path.normpath(os.path.join(os.path.dirname(self.path), path))
        if not os.path.exists(path):
            sys.exit(f"{self.path}: a link to {link}, which is not there")
        page = address(path)
        if page and anchor and path.endswith(".md"):
            return f"{page}#{anchor_on(page, anchor)}"
        return page

    def image(self, match):
        target = self.target(match[2])
        return f'<a class="picture" href="{target}"><img src="{target}" alt="{match[1]}"/></a>'

    def link(self, match):
        target = self.target(match[2])
        return f"[{match[1]}]({target})" if target else match[1]

    def attribute(self, match):
        return f'{match[1]}="{self.target(match[2])}"'

    def heading(self, line):
        # Doxygen shows code in a heading with its marks.
        line = line.rstrip().replace("`", "")
        level, text = line.split(" ", 1)
        if level == "#":
            label = self.page.removesuffix(".html")
            return line if label == "index" else f"{line} {{#{label}}}"
        name = slug(text)
        times = self.anchors[name] = self.anchors.get(name, -1) + 1
        name += f"-{times}" if times else ""
        return f"{line} {{#{anchor_on(self.page, name)}}}"

    def prose(self, line):
        if re.match(r"#{1,6} ", line):
            return self.heading(line)
        if re.match(r"\s*<", line):
            return re.sub(r'\b(src|srcset|href)="([^"]+)"', self.attribute, line)
        line = re.sub(r"!\[([^\]]*)\]\(([^)\s]+)\)", self.image, line)
        return re.sub(r"(?<!!)\[((?:`[^`]*`|[^\]`])+)\]\(([^)\s]+)\)", self.link, line)

    def filtered(self, text):
        fence = None
        for line in text.split("\n"):
            mark = re.match(r"\s*(```+|~~~+)", line)
            if fence:
                fence = None if mark and mark[1] == fence else fence
            elif mark:
                fence = mark[1]
            else:
                line = self.prose(line)
            yield line


def header(text):
    """Each line stays where it is, as warnings name lines."""
    comment, rest = re.match(r"((?://.*\n)*)((?:.|\n)*)", text).groups()
    lines = [line[2:] for line in comment.splitlines()]
    for i, line in enumerate(lines):
        if line.startswith("   ") and not lines[i - 1].strip():
            lines[i - 1] = " @code{.cpp}"
        if line.startswith("   ") and not "".join(lines[i + 1 : i + 2]).strip():
            lines[i] += " @endcode"
    yield "/// @file"
    yield from ("///" + line for line in lines)
    # The line for @file is that of the empty one behind the guard.
    rest = re.sub(r"(#define \w+_H_\n)\n", r"\1", rest, count=1)
    yield re.sub(r"(?m)^(inline namespace v\d+ \{|\}  // namespace v\d+)$", "", rest)


def main():
    path = os.path.relpath(sys.argv[1])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lines = Markdown(path).filtered(text) if path.endswith(".md") else header(text)
    print("\n".join(lines))


main()
