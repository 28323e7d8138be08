"""What the numbers were measured on, as far as the machine tells."""
import datetime
import os
import platform
import subprocess

PACKAGES = {
    "libcurl": "libcurl4", "OpenSSL": "libssl3", "nghttp2": "libnghttp2-14", "nginx": "nginx",
    "RapidJSON": "rapidjson-dev", "cpp-httplib": "libcpp-httplib-dev",
    "nlohmann/json": "nlohmann-json3-dev", "C++ REST SDK": "libcpprest-dev", "Poco": "libpoco-dev",
    "requests": "python3-requests", "valgrind": "valgrind",
}
COMMANDS = {
    "compiler": ("c++", "--version"), "Go": ("go", "version"), "Node": ("node", "--version"),
    "Python": ("/usr/bin/python3", "--version"),
}


def _first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout.splitlines() or [""])[0].strip()
    except OSError:
        return ""


def _line_of(path, begin, separator):
    """What stands behind the separator in the first line that begins so."""
    try:
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.startswith(begin):
                    return line.split(separator, 1)[1].strip().strip('"')
    except OSError:
        pass
    return ""


def _package(name):
    # Another release's name of it, such as libssl3t64, has it as its beginning.
    for pattern in (name, name + "t64"):
        version = _first_line(("dpkg-query", "-W", "-f", "${Version}\n", pattern))
        if version:
            return version
    return ""


def facts(client_core, server_core):
    """Names and values, in the order to show them in; what is not known is left out."""
    found = {
        "date": datetime.date.today().isoformat(),
        "processor": _line_of("/proc/cpuinfo", "model name", ":"),
        "cores": f"{os.cpu_count()}; clients on core {client_core}, the server on core {server_core}",
        "system": _line_of("/etc/os-release", "PRETTY_NAME", "="),
        "kernel": platform.release(),
        "load at the start": f"{os.getloadavg()[0]:.2f}",
    }
    found.update({name: _first_line(command) for name, command in COMMANDS.items()})
    found.update({name: _package(package) for name, package in PACKAGES.items()})
    return {name: value for name, value in found.items() if value}
