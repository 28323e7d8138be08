// The endpoint's model on a real socket: one background thread, any number of connections.
//
// Everything on that thread is asynchronous, a held-back answer included: stopping means to stop
// the io_context, and neither an idle connection nor a pending answer keeps the destructor waiting.
#include <service_accounts/testing/mock_server.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "testing/endpoint_model.h"
#include "testing/endpoint_reply.h"

namespace service_accounts::testing {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using internal::EndpointReply;
using std::chrono::milliseconds;

constexpr char kToken[] = "mock-token-0123456789abcdef";
constexpr std::uint32_t kMaxHeadBytes = 1 << 20;
constexpr std::uint64_t kMaxBodyBytes = 64 << 20;

// Longer ones would overflow the timer; nobody will be there to notice.
constexpr milliseconds kMaxDelay = std::chrono::hours(24 * 365);

/// What comes next for one request.
struct Turn {
  EndpointReply reply;
  milliseconds delay{};
};

/// The script, the model and the record: all that the server's thread and its users share.
class SharedState {
 public:
  void Script(EndpointReply reply) {
    const std::lock_guard<std::mutex> lock(mutex_);
    replies_.push_back(std::move(reply));
  }

  void Script(milliseconds delay) {
    const std::lock_guard<std::mutex> lock(mutex_);
    delays_.push_back(std::min(delay, kMaxDelay));
  }

  /// Records the request before anything is answered: who has the reply finds it recorded.
  Turn Take(HttpRequest request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Turn turn;
    if (!delays_.empty()) {
      turn.delay = delays_.front();
      delays_.pop_front();
    }
    if (replies_.empty()) {
      turn.reply = model_.Answer(request, std::chrono::system_clock::now());
    } else {
      turn.reply = std::move(replies_.front());
      replies_.pop_front();
    }
    requests_.push_back(std::move(request));
    return turn;
  }

  void CountConnection() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++connections_;
  }

  std::vector<ServiceAccount> accounts() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return model_.accounts();
  }

  std::vector<HttpRequest> requests() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }

  std::size_t connections() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return connections_;
  }

 private:
  mutable std::mutex mutex_;
  internal::EndpointModel model_{kToken};
  std::deque<EndpointReply> replies_;
  std::deque<milliseconds> delays_;
  std::vector<HttpRequest> requests_;
  std::size_t connections_ = 0;
};

/// Reads one request. Beast's own list of fields groups those of one name and limits their length;
/// a record of what was sent must do neither.
class RequestParser final : public http::request_parser<http::string_body> {
 public:
  RequestParser() {
    header_limit(kMaxHeadBytes);
    body_limit(kMaxBodyBytes);
  }

  HttpRequest TakeRequest() {
    auto& message = get();
    const beast::string_view method = message.method_string();
    const beast::string_view target = message.target();
    return {std::string(method.data(), method.size()), std::string(target.data(), target.size()),
            std::move(headers_), std::move(message.body())};
  }

 private:
  void on_field_impl(http::field /*known*/, beast::string_view name, beast::string_view value,
                     beast::error_code& /*error*/) override {
    headers_.push_back({std::string(name.data(), name.size()),  //
                        std::string(value.data(), value.size())});
  }

  std::vector<Header> headers_;
};

/// One connection. The operation under way owns it; with none left it closes.
class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, SharedState& state)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), state_(state) {
    beast::error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
  }

  // Each of these three starts the next, which Asio runs later: nothing recurses on the stack.
  // NOLINTBEGIN(misc-no-recursion)
  void Read() {
    parser_.emplace();
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->Answer();
                     });
  }

 private:
  void Answer() {
    HttpRequest request = parser_->TakeRequest();
    const bool to_head = request.method == "HEAD";
    const Turn turn = state_.Take(std::move(request));
    keep_alive_ = parser_->keep_alive() && internal::KeepsConnection(turn.reply);
    reply_ = internal::Serialize(turn.reply, to_head, keep_alive_);
    if (turn.delay <= milliseconds::zero()) return Write();
    timer_.expires_after(turn.delay);
    timer_.async_wait([self = shared_from_this()](beast::error_code error) {
      if (!error) self->Write();
    });
  }

  void Write() {
    asio::async_write(socket_, asio::buffer(reply_),
                      [self = shared_from_this()](beast::error_code error, std::size_t) {
                        if (!error && self->keep_alive_) self->Read();
                      });
  }
  // NOLINTEND(misc-no-recursion)

  tcp::socket socket_;
  asio::steady_timer timer_;
  SharedState& state_;
  beast::flat_buffer buffer_;  // Outlives a request: the next one may be in it already.
  std::optional<RequestParser> parser_;
  std::string reply_;
  bool keep_alive_ = true;
};

}  // namespace

class MockServer::Impl {
 public:
  Impl() : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}) {
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Impl() {
    io_.stop();
    thread_.join();
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  SharedState& state() { return state_; }
  unsigned port() const { return acceptor_.local_endpoint().port(); }

 private:
  void Accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error) {
        state_.CountConnection();
        std::make_shared<Session>(std::move(socket), state_)->Read();
      }
      Accept();  // After an error too: one client that gave up early must not end the server.
    });
  }

  SharedState state_;  // Before the io_context, whose destructor destroys the sessions.
  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::thread thread_;
};

MockServer::MockServer() : impl_(std::make_unique<Impl>()) {}
MockServer::~MockServer() = default;

std::string MockServer::base_url() const {
  return "http://127.0.0.1:" + std::to_string(impl_->port());
}

std::string MockServer::token() const { return kToken; }

void MockServer::Reply(int status, std::vector<Header> headers, std::string body) {
  impl_->state().Script(EndpointReply{status, std::move(headers), std::move(body)});
}

void MockServer::Delay(milliseconds delay) { impl_->state().Script(delay); }

std::vector<ServiceAccount> MockServer::accounts() const { return impl_->state().accounts(); }
std::vector<HttpRequest> MockServer::requests() const { return impl_->state().requests(); }
std::size_t MockServer::connections() const { return impl_->state().connections(); }

}  // namespace service_accounts::testing
