"""Looks at every page of the site in headless Chromium, on a phone and on a wide screen: takes
pictures of some, and says which scroll sideways.

    python3 docs/site/screenshots.py CHROMIUM SITE PICTURES PAGE...

Chromium is told what to do in the DevTools protocol, through two pipes: JSON, with a NUL behind each
message. The exit status is 1 if a page is wider than its screen.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile

SCREENS = {"phone": (390, 844), "wide": (1280, 900)}
SIZE = "[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]"
# Pages can be long; a picture need not be.
TALLEST = 4000


class Browser:
    def __init__(self, program, profile):
        to_browser, self.commands = os.pipe()
        self.replies, from_browser = os.pipe()
        # It reads from its descriptor 3 and writes to 4.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "sh", program, "--headless=new",
             "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-pipe",
             f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_browser, from_browser), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.buffer, self.last, self.session = b"", 0, None

    def message(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.replies, 1 << 20)
            if not piece:
                sys.exit("Chromium has ended")
            self.buffer += piece
        text, _, self.buffer = self.buffer.partition(b"\0")
        return json.loads(text)

    def do(self, method, **params):
        self.last += 1
        command = {"id": self.last, "method": method, "params": params}
        if self.session:
            command["sessionId"] = self.session
        os.write(self.commands, json.dumps(command).encode() + b"\0")
        while True:
            reply = self.message()
            if reply.get("id") == self.last:
                if "error" in reply:
                    sys.exit(f"{method}: {reply['error']}")
                return reply["result"]

    def open_tab(self):
        target = self.do("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.do("Page.enable")

    def show(self, address):
        self.do("Page.navigate", url=address)
        while self.message().get("method") != "Page.loadEventFired":
            pass

    def value(self, expression):
        return self.do("Runtime.evaluate", expression=expression, returnByValue=True)["result"]["value"]

    def picture(self, path, width, height):
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST), "scale": 1}
        data = self.do("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.session = None
        os.write(self.commands, b'{"id": 0, "method": "Browser.close"}\0')
        self.process.wait()


def look(browser, site, pictures, chosen):
    """Yields what is wrong."""
    for screen, (width, height) in SCREENS.items():
        browser.do("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                   mobile=screen == "phone")
        for name in sorted(name for name in os.listdir(site) if name.endswith(".html")):
            browser.show(f"file://{site}/{name}")
            wide, tall = browser.value(SIZE)
            if wide > width:
                yield f"{name}: is {wide} pixels wide on a screen of {width}"
            if name in chosen:
                browser.picture(f"{pictures}/{name.removesuffix('.html')}-{screen}.png", width, tall)
    browser.do("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    for name in chosen:
        browser.show(f"file://{site}/{name}")
        browser.picture(f"{pictures}/{name.removesuffix('.html')}-dark.png", *SCREENS["wide"])


def main():
    program, site, pictures, *chosen = sys.argv[1:]
    site = os.path.abspath(site)
    missing = [name for name in chosen if not os.path.exists(f"{site}/{name}")]
    if missing:
        sys.exit("there is no page " + ", ".join(missing))
    os.makedirs(pictures, exist_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(program, profile)
        browser.open_tab()
        problems = list(look(browser, site, pictures, chosen))
        browser.close()
    print("\n".join(problems), end="\n" if problems else "", file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
