"""What is compared, and in which situations; nothing but data."""
from dataclasses import dataclass

OURS = "service_accounts"
HANDWRITTEN = "handwritten"
GO = "go"


@dataclass(frozen=True)
class System:
    """One of those compared."""
    label: str
    command: tuple  # {bin}: where the programs were built; {src}: this folder.
    what: str
    http2: bool = False
    most_in_flight: int = 1
    native: bool = True  # Runs in valgrind, and allocates with malloc.
    speed: float = 1  # Calls in comparison to the others, so that its runs take as long.
    warm_up: int = 500


SYSTEMS = {
    OURS: System(
        "this library", ("{bin}/service_accounts_loop",),
        "`CreateServiceAccount` for one at a time; `CreateServiceAccountAsync` with a callback, "
        "which begins the next call, for many", http2=True, most_in_flight=1000),
    HANDWRITTEN: System(
        "hand-written", ("{bin}/handwritten",),
        "libcurl and RapidJSON, written by hand: `curl_easy_perform` for one at a time, "
        "`curl_multi_perform` and `curl_multi_poll` for many; handles, header lists and buffers are "
        "used again", http2=True, most_in_flight=1000),
    "httplib": System(
        "cpp-httplib", ("{bin}/httplib",),
        "cpp-httplib and nlohmann/json; a thread with its own client for each call in flight",
        most_in_flight=64),
    "cpprest": System(
        "C++ REST SDK", ("{bin}/cpprest",),
        "cpprestsdk and its JSON; tasks, on its own pool of threads", most_in_flight=1000, speed=0.2),
    "poco": System(
        "Poco", ("{bin}/poco",),
        "Poco Net and Poco JSON; a thread with its own session for each call in flight",
        most_in_flight=64),
    GO: System(
        "Go net/http", ("{bin}/gohttp",),
        "net/http and encoding/json; a goroutine for each call in flight, GOMAXPROCS=1",
        http2=True, most_in_flight=1000, native=False),
    "fetch": System(
        "Node fetch", ("node", "{src}/fetch.mjs"),
        "fetch as Node brings it; a promise for each call in flight", most_in_flight=1000,
        native=False, speed=0.2, warm_up=3000),
    "requests": System(
        "Python requests", ("/usr/bin/python3", "{src}/requests_loop.py"),
        "one Session that does not look at the environment; one call at a time", native=False,
        speed=0.15),
}


@dataclass(frozen=True)
class Scenario:
    """One situation."""
    title: str
    server: str  # Of the three that nginx.sh prints.
    in_flight: int
    calls: int
    count: bool = True  # Instructions and allocations, too.


SCENARIOS = {
    "blocking-http1": Scenario("One call at a time, HTTP/1.1", "plain", 1, 15000),
    "blocking-tls": Scenario("One call at a time, TLS with HTTP/1.1", "tls", 1, 12000),
    "blocking-http2": Scenario("One call at a time, TLS with HTTP/2", "http2", 1, 10000, count=False),
    "many64-http1": Scenario("64 calls in flight, HTTP/1.1", "plain", 64, 40000),
    "many64-tls": Scenario("64 calls in flight, TLS with HTTP/1.1", "tls", 64, 30000, count=False),
    "many64-http2": Scenario("64 calls in flight, TLS with HTTP/2", "http2", 64, 30000),
    "many1000-http1": Scenario("1000 calls in flight, HTTP/1.1", "plain", 1000, 40000, count=False),
}
