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

# A block of code; what is of interest in the text around it, over line ends but within a paragraph.
FENCED = re.compile(r"(^ *```.*?^ *```$)", re.M | re.S)
IN_PARAGRAPH = r"\n(?!\s*\n)"
TOKEN = re.compile(rf"""
    (?P<code>`[^`]+`)
  | !\[(?P<alt>[^\]]*)\]\((?P<image>[^)\s]+)\)
  | \[(?P<text>(?:`[^`]*`|[^\[\]`\n]|{IN_PARAGRAPH})+)\]\((?P<link>[^)\s]+)\)
  | (?P<tag><(?:a|img|source)\s[^>]*>)
  | \*\*(?P<bold>(?:`[^`]*`|[^*`\n]|{IN_PARAGRAPH})+)\*\*""", re.X)
ATTRIBUTE = re.compile(r'\b(src|srcset|href)="([^"]+)"')


def page_of(path):
    """The address of a Markdown file's page."""
    if path == "README.md":
        return "index.html"
    if path == "docs/README.md":
        return "documentation.html"
    name = os.path.splitext(os.path.basename(path))[0].lower()
    if name == "readme":
        name = os.path.basename(os.path.dirname(path))
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
            return link  # It is found among the finished pages, with all that leads nowhere.
        page = address(path)
        if page and anchor and path.endswith(".md"):
            return f"{page}#{anchor_on(page, anchor)}"
        return page

    def token(self, match):
        found = match.groupdict()
        if found["image"]:
            target = self.target(found["image"])
            return f'<a class="picture" href="{target}"><img src="{target}" alt="{found["alt"]}"/></a>'
        if found["link"]:
            target = self.target(found["link"])
            return f"[{found['text']}]({target})" if target else found["text"]
        if found["tag"]:
            return ATTRIBUTE.sub(lambda part: f'{part[1]}="{self.target(part[2])}"', match[0])
        if found["bold"]:
            # Doxygen does not see that it begins, or ends, where there is code.
            return f"<b>{self.tokens(found['bold'])}</b>"
        return match[0]

    def tokens(self, text):
        return TOKEN.sub(self.token, text)

    def heading(self, line):
        # Doxygen shows code in a heading with its marks.
        line = re.sub(r"`|</?b>", "", line.rstrip())
        level, text = line.split(" ", 1)
        if level == "#":
            label = "mainpage" if self.page == "index.html" else self.page.removesuffix(".html")
            return f"{line} {{#{label}}}"
        name = slug(text)
        times = self.anchors[name] = self.anchors.get(name, -1) + 1
        name += f"-{times}" if times else ""
        return f"{line} {{#{anchor_on(self.page, name)}}}"

    def filtered(self, text):
        parts = FENCED.split(text)
        for i in range(0, len(parts), 2):
            prose = self.tokens(parts[i])
            parts[i] = re.sub(r"(?m)^#{1,6} .*$", lambda line: self.heading(line[0]), prose)
        return "".join(parts)


def header(text):
    """Each line stays where it is, as warnings name lines."""
    comment, rest = re.match(r"((?://.*\n)*)((?:.|\n)*)", text).groups()
    lines = [line[2:] for line in comment.splitlines()]
    for i, line in enumerate(lines):
        if line.startswith("   ") and not lines[i - 1].strip():
            lines[i - 1] = " @code{.cpp}"
        if line.startswith("   ") and not "".join(lines[i + 1 : i + 2]).strip():
            lines[i] += " @endcode"
    # The line for @file is that of the empty one behind the guard.
    rest = re.sub(r"(#define \w+_H_\n)\n", r"\1", rest, count=1)
    rest = re.sub(r"(?m)^(inline namespace v\d+ \{|\}  // namespace v\d+)$", "", rest)
    return "\n".join(["/// @file", *("///" + line for line in lines), rest])


def main():
    path = os.path.relpath(sys.argv[1])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    print(Markdown(path).filtered(text) if path.endswith(".md") else header(text))


main()
