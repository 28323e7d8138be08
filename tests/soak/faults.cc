#include "tests/soak/faults.h"

#include <charconv>
#include <cstdio>
#include <stdexcept>

#include "tests/support/http_text.h"

namespace service_accounts::tests {
namespace {

using namespace std::chrono_literals;

constexpr auto kTooLate = kSoakTimeout + 200ms;

std::size_t CallIn(std::string_view request) {
  constexpr std::string_view kBegin = R"("name":"bot-)";
  const std::size_t begin = request.find(kBegin);
  std::size_t call = 0;
  if (begin != std::string_view::npos) {
    const std::string_view digits = request.substr(begin + kBegin.size());
    if (std::from_chars(digits.data(), digits.data() + digits.size(), call).ec == std::errc() &&
        call < Ledger::kMostCalls) {
      return call;
    }
  }
  throw std::runtime_error("a request that nobody sent: " + std::string(request));
}

Plan Say(std::string bytes, Ending ending = Ending::kKeep) {
  return {{{0ms, std::move(bytes)}}, ending};
}

/// In small pieces, a while apart.
Plan Drip(const std::string& bytes, std::size_t size, std::chrono::milliseconds wait) {
  Plan plan;
  for (std::size_t i = 0; i < bytes.size(); i += size) {
    plan.pieces.push_back({wait, bytes.substr(i, size)});
  }
  return plan;
}

std::string Chunked(const std::string& body) {
  char size[16];
  std::snprintf(size, sizeof size, "%zx", body.size());
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(size) + "\r\n" +
         body + "\r\n0\r\n\r\n";
}

std::string Repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string ErrorReply(Turn& turn, int status, std::string_view headers = "") {
  return HttpReply(status,
                   R"({"code":)" + std::to_string(status) +
                       R"(,"message":"no"})"
                       "\n" +
                       turn.Echo(),
                   headers);
}

template <std::size_t N>
int OneOf(Turn& turn, const int (&statuses)[N]) {
  return statuses[turn.Draw(N)];
}

// ---- Created, and told ----

Plan Created(Turn& turn) { return Say(HttpReply(200, turn.Create())); }
Plan CreatedChunked(Turn& turn) { return Say(Chunked(turn.Create())); }
Plan CreatedInPieces(Turn& turn) { return Drip(HttpReply(201, turn.Create()), 25, 1ms); }
Plan CreatedAfterInterim(Turn& turn) {
  return Say("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" +
             HttpReply(200, turn.Create()));
}
Plan CreatedThenClosed(Turn& turn) { return Say(HttpReply(200, turn.Create()), Ending::kClose); }
Plan CreatedThenReset(Turn& turn) {
  // Late enough for the reply to have been read: a reset takes away what has not.
  return {{{0ms, HttpReply(200, turn.Create())}, {5ms, ""}}, Ending::kReset};
}
Plan CreatedAndGoodbye(Turn& turn) {
  return Say(HttpReply(200, turn.Create(), "Connection: close\r\n"), Ending::kClose);
}
Plan CreatedThenDoomed(Turn& turn) { return Say(HttpReply(200, turn.Create()), Ending::kDoomed); }

// ---- Refused ----

Plan Refused(Turn& turn) {
  return Say(ErrorReply(turn, OneOf(turn, {301, 302, 307, 400, 401, 403, 404, 409, 413, 422})));
}
Plan RefusedThenClosed(Turn& turn) {
  return Say(ErrorReply(turn, OneOf(turn, {400, 403, 409})), Ending::kClose);
}
Plan RefusedInHalf(Turn& turn) {
  const std::string reply = ErrorReply(turn, 400);
  return Say(reply.substr(0, reply.size() / 2), Ending::kClose);
}
Plan RefusedBySuccess(Turn&) { return Say(HttpReply(200, R"({"code":409,"message":"taken"})")); }
Plan RateLimited(Turn& turn) { return Say(ErrorReply(turn, 429)); }
Plan RateLimitedNow(Turn& turn) { return Say(ErrorReply(turn, 429, "Retry-After: 0\r\n")); }
Plan RateLimitedForLong(Turn& turn) { return Say(ErrorReply(turn, 429, "Retry-After: 3600\r\n")); }

// ---- Created or not, and nobody can tell ----

Plan ServerError(Turn& turn) {
  turn.PerhapsCreate();
  return Say(ErrorReply(turn, OneOf(turn, {408, 500, 502, 503, 504})));
}
Plan DeniedSuccess(Turn& turn) {
  turn.PerhapsCreate();
  return Say(HttpReply(200, R"({"success":false})"));
}
Plan Closed(Turn& turn) {
  turn.PerhapsCreate();
  return {{}, Ending::kClose};
}
Plan Reset(Turn& turn) {
  turn.PerhapsCreate();
  return {{}, Ending::kReset};
}
Plan Garbage(Turn& turn) {
  turn.PerhapsCreate();
  constexpr const char* kGarbage[] = {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 20", "\xFF\xFE",
                                      "HTTP/7.0 200 OK\r\n\r\n", "HTTP/1.1 what\r\n\r\n"};
  return Say(kGarbage[turn.Draw(5)] + turn.Echo(), Ending::kClose);
}
Plan InterimOnly(Turn& turn) {
  turn.PerhapsCreate();
  return Say("HTTP/1.1 100 Continue\r\n\r\n", Ending::kClose);
}
Plan EndlessInterim(Turn& turn) {
  turn.PerhapsCreate();
  return Say(Repeated("HTTP/1.1 100 Continue\r\nX: 0123456789\r\n\r\n", 10'000), Ending::kClose);
}
Plan TooLate(Turn& turn) {
  turn.PerhapsCreate();
  return {{{kTooLate, ErrorReply(turn, 500)}}, Ending::kKeep};
}

// ---- Created, and told unreadably ----

Plan CutShort(Turn& turn) {
  const std::string reply = HttpReply(200, turn.Create());
  return Say(reply.substr(0, reply.size() - 1 - turn.Draw(20)), Ending::kClose);
}
Plan CutByReset(Turn& turn) {
  const std::string reply = HttpReply(200, turn.Create());
  return {{{0ms, reply.substr(0, reply.size() - 5)}, {20ms, ""}}, Ending::kReset};
}
Plan Unreadable(Turn& turn) {
  const std::string body = turn.Create();
  const std::string bodies[] = {
      "", "{}", "<html>" + turn.Echo(), body.substr(1), body + body, R"({"data":{"id":7}})"};
  return Say(HttpReply(200, bodies[turn.Draw(6)]));
}
Plan Deep(Turn& turn) {
  (void)turn.Create();
  return Say(HttpReply(200, std::string(50'000, '[')));
}
Plan LongBody(Turn& turn) {
  (void)turn.Create();
  return Say(HttpReply(200, std::string(2 * kSoakLongestBody, 'x')), Ending::kClose);
}
Plan LongHeaders(Turn& turn) {
  (void)turn.Create();
  return Say(
      "HTTP/1.1 200 OK\r\n" + Repeated("X-Fill: 0123456789012345678901234567890\r\n", 20'000),
      Ending::kClose);
}
Plan Dripping(Turn& turn) {
  Plan plan = Say(HttpReply(200, turn.Create() + std::string(30, ' ')));
  std::string& bytes = plan.pieces[0].bytes;
  // The head at once, so that the call knows the status; the end not before its deadline.
  const std::string late = bytes.substr(bytes.size() - 30);
  bytes.resize(bytes.size() - 30);
  const Plan rest = Drip(late, 1, kTooLate / 30);
  plan.pieces.insert(plan.pieces.end(), rest.pieces.begin(), rest.pieces.end());
  return plan;
}

}  // namespace

Turn::Turn(std::string_view request, Ledger* ledger, std::mt19937_64* random)
    : request_(request), call_(CallIn(request)), ledger_(ledger), random_(random) {}

std::string Turn::Create() {
  ++ledger_->at(call_).accounts;
  const std::string number = std::to_string(call_);
  return R"({"data":{"id":"sa_)" + number + R"(","name":"bot-)" + number +
         R"(","permissions":["org:read"],"status":"active","createdAt":"2025-01-01T00:00:00Z"}})";
}

void Turn::PerhapsCreate() {
  if (Draw(2) == 0) (void)Create();
}

std::string Turn::Echo() const { return std::string(request_.substr(0, HeadLength(request_))); }

const std::vector<Fault>& Faults() {
  static const std::vector<Fault> faults = {
      {"created", 500, Created},
      {"created, in chunks", 40, CreatedChunked},
      {"created, in pieces", 20, CreatedInPieces},
      {"created, after interim replies", 30, CreatedAfterInterim},
      {"created, then closed at once", 40, CreatedThenClosed},
      {"created, then reset", 10, CreatedThenReset},
      {"created, with Connection: close", 20, CreatedAndGoodbye},
      {"created, the next request lost", 30, CreatedThenDoomed},
      {"refused", 60, Refused},
      {"refused, then closed", 20, RefusedThenClosed},
      {"refused, half of the reply", 10, RefusedInHalf},
      {"refused, with status 200", 5, RefusedBySuccess},
      {"429", 20, RateLimited},
      {"429, Retry-After: 0", 30, RateLimitedNow},
      {"429, Retry-After: 3600", 3, RateLimitedForLong},
      {"408 or 5xx", 40, ServerError},
      {"success denied", 5, DeniedSuccess},
      {"closed without a reply", 30, Closed},
      {"reset without a reply", 30, Reset},
      {"garbage", 20, Garbage},
      {"an interim reply only", 10, InterimOnly},
      {"endless interim replies", 2, EndlessInterim},
      {"too late", 6, TooLate},
      {"cut short", 20, CutShort},
      {"cut short by a reset", 10, CutByReset},
      {"unreadable", 20, Unreadable},
      {"nested deep", 2, Deep},
      {"too long a body", 4, LongBody},
      {"too many header fields", 2, LongHeaders},
      {"dripping past the deadline", 3, Dripping},
  };
  return faults;
}

std::size_t DrawFault(std::mt19937_64* random) {
  static const unsigned all = [] {
    unsigned sum = 0;
    for (const Fault& fault : Faults()) sum += fault.share;
    return sum;
  }();
  std::size_t lot = (*random)() % all;
  std::size_t i = 0;
  while (lot >= Faults()[i].share) lot -= Faults()[i++].share;
  return i;
}

}  // namespace service_accounts::tests
