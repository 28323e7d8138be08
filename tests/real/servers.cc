#include "tests/real/servers.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "tests/support/test_authority.h"

namespace service_accounts::tests {
namespace {

std::string Setting(const char* name) { return Environment(name, "run ./scripts/real-servers"); }

/// The path of a file of that name in the servers' folder.
std::string InFolder(const std::string& name) { return Setting("REAL_FOLDER") + "/" + name; }

std::string WriteFile(const std::string& name, const std::string& text) {
  std::string path = InFolder(name);
  std::ofstream file(path);
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
  return path;
}

std::string ChainAndKey(const Certificate& certificate) {
  return certificate.chain + certificate.key;
}

/// "server { ... }": what they all do behind whatever they listen to.
std::string Server(const std::string& listen, const std::string& further = "") {
  return "  server {\n    listen 127.0.0.1:" + listen + ";\n" + further + R"(
    location / { proxy_pass http://service; }
    location /once/ { proxy_pass http://service/; keepalive_timeout 0; }
    location /thrice/ { proxy_pass http://service/; keepalive_requests 3; }
    location /limited/ {
      limit_req zone=calls burst=5 nodelay;
      limit_req_status 429;
      proxy_pass http://service/;
    }
    location /small/ { proxy_pass http://service/; client_max_body_size 1k; }
    location /impatient/ { proxy_pass http://service/; proxy_read_timeout 100ms; }
    location /down/ { proxy_pass http://nowhere/; }
  }
)";
}

}  // namespace

Nginx::Nginx(const std::string& service_url)
    : ports_(FreePorts(6)),
      identity_(ChainAndKey(TestAuthority().Issue())),
      process_({Setting("REAL_NGINX"), "-p", Setting("REAL_FOLDER"), "-c",
                WriteFile("nginx.conf", Configuration(service_url)), "-e", "nginx.error.log"},
               InFolder("nginx.log")) {
  for (std::size_t i = 0; i < 5; ++i) process_.AwaitListening(ports_[i]);
}

std::string Nginx::Url(const char* scheme, std::size_t port) const {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(ports_[port]);
}

std::string Nginx::Configuration(const std::string& service_url) const {
  const auto port = [&](std::size_t i) { return std::to_string(ports_[i]); };
  const std::string address = service_url.substr(service_url.find("//") + 2);
  return std::string("# Made by tests/real/servers.cc.\n") +
         // Else the workers could not read what this user's folder holds.
         (geteuid() == 0 ? "user root;\n" : "") + R"(worker_processes 2;
worker_rlimit_nofile 8192;
daemon off;
pid nginx.pid;
events { worker_connections 4096; }
http {
  access_log nginx.access.log;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  client_max_body_size 8m;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  limit_req_zone $binary_remote_addr zone=calls:1m rate=100r/s;
  ssl_certificate )" +
         identity_.path() + ";\n  ssl_certificate_key " + identity_.path() + ";\n" +
         "  upstream service { server " + address + "; keepalive 64; }\n" +
         "  upstream nowhere { server 127.0.0.1:" + port(5) + "; }\n" +  //
         Server(port(0) + " backlog=4096") + Server(port(1) + " ssl backlog=4096") +
         Server(port(2) + " ssl http2 backlog=4096") +
         Server(port(3) + " ssl",
                "    ssl_client_certificate " + TrustedFile() + ";\n    ssl_verify_client on;\n") +
         Server(port(4) + " ssl http2", "    keepalive_requests 3;\n") + "}\n";
}

void Nginx::ReloadAndWait() const {
  const std::vector<pid_t> old = process_.children();
  Reload();
  AwaitReplaced(old);
}

void Nginx::KillWorkers() const {
  const std::vector<pid_t> old = process_.children();
  for (const pid_t worker : old) kill(worker, SIGKILL);
  AwaitReplaced(old);
}

void Nginx::AwaitReplaced(const std::vector<pid_t>& workers) const {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto is_old = [&](pid_t worker) {
    return std::find(workers.begin(), workers.end(), worker) != workers.end();
  };
  for (;;) {
    const std::vector<pid_t> now = process_.children();
    if (!now.empty() && std::none_of(now.begin(), now.end(), is_old)) return;
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("nginx has old workers");
    // It tells nobody: there is no way but to look again.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Tinyproxy::Tinyproxy()
    : port_(FreePorts(1).front()),
      process_({Setting("REAL_TINYPROXY"), "-d", "-c",
                WriteFile("tinyproxy.conf", "Port " + std::to_string(port_) +
                                                "\nListen 127.0.0.1\nAllow 127.0.0.1\n"
                                                "MaxClients 200\nTimeout 60\n"
                                                "BasicAuth user secret-password\n")},
               InFolder("tinyproxy.log")) {
  process_.AwaitListening(port_);
}

std::vector<Route> RealServers::routes() const {
  const auto by = [&](const std::string& url, HttpVersion version, const ProxyOptions& proxy) {
    ClientOptions options = Options(url);
    options.http_version = version;
    options.proxy = proxy;
    return options;
  };
  const auto none = ProxyOptions::None();
  const auto proxy = ProxyOptions::Url(proxy_.url());
  const auto one = HttpVersion::kHttp11;
  const auto two = HttpVersion::kHttp2;
  return {
      {"plain", by(nginx_.plain(), one, none), "HTTP/1.1", true},
      {"TLS", by(nginx_.tls(), one, none), "HTTP/1.1", true},
      {"HTTP/2", by(nginx_.http2(), two, none), "HTTP/2", true},
      {"HTTP/2 not to be had", by(nginx_.tls(), two, none), "HTTP/1.1", true},
      {"plain, proxy", by(nginx_.plain(), one, proxy), "HTTP/1.1", false},
      {"TLS, proxy", by(nginx_.tls(), one, proxy), "HTTP/1.1", true},
      {"HTTP/2, proxy", by(nginx_.http2(), two, proxy), "HTTP/2", true},
  };
}

std::vector<Route> RealServers::lasting_routes() const {
  std::vector<Route> lasting = routes();
  const auto is_brief = [](const Route& route) { return !route.keeps_connections; };
  lasting.erase(std::remove_if(lasting.begin(), lasting.end(), is_brief), lasting.end());
  return lasting;
}

ClientOptions RealServers::Options(const std::string& base_url) const {
  ClientOptions options = Trusting(base_url);
  options.credentials = BearerToken(mock_.token());
  options.proxy = ProxyOptions::None();
  return options;
}

}  // namespace service_accounts::tests
