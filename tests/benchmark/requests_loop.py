"""Python's requests: one Session, which keeps its connection; blocking only."""
import argparse
import json
import resource
import sys
import time

import requests


def memory(which):
    """A size from what the kernel says of this process, in KiB."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(which + ":"))


def create(session, url, number):
    """True if the account was created, and can be read."""
    reply = session.post(url, timeout=(10, 30), allow_redirects=False, json={
        "name": f"deploy-bot-{number:08}",
        "permissions": ["org:read", "workflow:create"],
        "description": "Rolls out the web site",
    })
    return (200 <= reply.status_code < 300 and bool(reply.json()["data"]["id"])
            and "X-Request-Id" in reply.headers)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--calls", required=True, type=int)
    parser.add_argument("--in-flight", default=1, type=int)
    parser.add_argument("--ca-file", default="")
    parser.add_argument("--http2", action="store_true")
    parser.add_argument("--warm-up", default=0, type=int)
    options = parser.parse_args()
    if options.in_flight != 1 or options.http2:
        sys.exit("this system cannot do that")

    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + options.token
    # Otherwise requests looks for proxies and a .netrc in the environment, again with every call.
    session.trust_env = False
    if options.ca_file:
        session.verify = options.ca_file
    url = options.url + "/v1/service-accounts"

    created = sum(create(session, url, i) for i in range(options.warm_up))
    warm = created == options.warm_up
    resident = memory("VmRSS")
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    created = sum(create(session, url, options.warm_up + i) for i in range(options.calls))
    after, wall = resource.getrusage(resource.RUSAGE_SELF), time.monotonic() - begin
    user = after.ru_utime - before.ru_utime
    print(json.dumps({
        "calls": options.calls, "created": created, "wall_seconds": round(wall, 6),
        "cpu_seconds": round(user + after.ru_stime - before.ru_stime, 6),
        "user_seconds": round(user, 6), "peak_kib": memory("VmHWM"),
        "resident_before_kib": resident, "resident_after_kib": memory("VmRSS"),
    }))
    return 0 if warm and created == options.calls else 1


if __name__ == "__main__":
    sys.exit(main())
