#!/usr/bin/env bash
# Runs, in the foreground, the server that every benchmark talks to: one nginx worker, on loopback.
#   tests/benchmark/nginx.sh DIRECTORY [COMMAND...]     e.g. nginx.sh build/bench/nginx taskset -c 1
# Prints four lines once it listens, and leaves them in DIRECTORY/env: plain=URL, tls=URL (HTTP/1.1
# only), http2=URL and ca_file=PATH. Everything it writes is in DIRECTORY. SIGTERM ends it.
set -euo pipefail

(($# > 0)) || { echo "usage: nginx.sh DIRECTORY [COMMAND...]" >&2; exit 2; }
mkdir -p "$1"
directory=$(cd "$1" && pwd)
shift
# Debian keeps it out of the path of those who are not root.
nginx=$(PATH=$PATH:/usr/sbin:/sbin command -v nginx) || { echo "nginx.sh: no nginx" >&2; exit 1; }
cd "$directory"

# An authority and a certificate for loopback, of the kind that public services use today.
new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
if [[ ! -f server.pem ]]; then
  {
    openssl req -x509 "${new_key[@]}" -keyout ca.key -out ca.pem -days 30 -subj "/CN=Benchmark CA" \
      -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign"
    openssl req "${new_key[@]}" -keyout server.key -out server.csr -subj "/CN=localhost"
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -out server.pem \
      -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1")
  } >openssl.log 2>&1 || { cat openssl.log >&2; exit 1; }
fi

# The three are open at the same time, so that they differ.
read -r plain tls http2 < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*[s.getsockname()[1] for s in sockets])')

reply='{"code":200,"data":{"createdAt":"2026-01-31T12:00:00Z","createdBy":"user_01HZX3V9K2","description":"Rolls out the web site","disabledAt":"2026-02-28T12:00:00Z","id":"sa_01HZX3V9K2M4N6P8","name":"deploy-bot-00000000","organizationId":"org_01HZX3V9K2","permissions":["org:read","workflow:create"],"status":"active","updatedAt":"2026-01-31T12:00:00Z"},"message":"success","requestId":"req_01HZX3V9K2"}'

# A connection is to live through a whole run, however long. The streams of a connection that
# HTTP/2 allows at a time are left as nginx has them, 128.
cat >nginx.conf <<CONFIGURATION
worker_processes 1;
worker_rlimit_nofile 16384;
daemon off;
pid nginx.pid;
error_log error.log;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  keepalive_requests 100000000;
  keepalive_timeout 3600s;
  tcp_nodelay on;
  open_file_cache max=16;
  open_file_cache_errors on;
  default_type application/json;
  ssl_certificate server.pem;
  ssl_certificate_key server.key;
  ssl_protocols TLSv1.2 TLSv1.3;
  server {
    listen 127.0.0.1:$plain backlog=4096;
    listen 127.0.0.1:$tls ssl backlog=4096;
    listen 127.0.0.1:$http2 ssl http2 backlog=4096;
    # The request's body is read before the reply is sent, as a service would: "return" alone does
    # not, and HTTP/2 then ends the stream under a client that is still sending. Mirroring reads it;
    # that there is no such file brings the reply.
    location = /v1/service-accounts {
      mirror /mirrored;
      error_page 404 405 =200 @reply;
      root /nonexistent;
      log_not_found off;
    }
    location = /mirrored {
      internal;
      return 204;
    }
    location @reply {
      add_header X-Request-Id req_01HZX3V9K2;
      return 200 '$reply';
    }
  }
}
CONFIGURATION

"$@" "$nginx" -p "$directory" -c "$directory/nginx.conf" -e error.log &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server"' EXIT
trap 'exit 0' TERM INT

for port in "$plain" "$tls" "$http2"; do
  for ((tries = 100; tries > 0; --tries)); do
    if (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue 2; fi
    kill -0 "$server" 2>/dev/null || break
    sleep 0.05
  done
  cat error.log >&2
  exit 1
done

tee env <<URLS
plain=http://127.0.0.1:$plain
tls=https://127.0.0.1:$tls
http2=https://127.0.0.1:$http2
ca_file=$directory/ca.pem
URLS
wait "$server"
