// What this library competes with: the loop that a careful programmer writes by hand on libcurl and
// RapidJSON. Handles, connections, buffers and header lists are used again; `curl_easy_perform` for
// one call at a time, `curl_multi_perform` and `curl_multi_poll` for many.
#include <curl/curl.h>

#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "handwritten_json.h"
#include "harness.h"

namespace {

struct CloseEasy {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct CloseMulti {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderLines = std::unique_ptr<curl_slist, FreeList>;

/// One call at a time on one easy handle.
class Call {
 public:
  Call(const benchmark::Options& options, const std::string& url, curl_slist* headers)
      : easy_(curl_easy_init()) {
    Set(CURLOPT_URL, url.c_str());
    Set(CURLOPT_PROTOCOLS_STR, "http,https");
    Set(CURLOPT_HTTP_VERSION,
        static_cast<long>(options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    Set(CURLOPT_PIPEWAIT, options.http2 ? 1L : 0L);
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_FOLLOWLOCATION, 0L);
    Set(CURLOPT_TIMEOUT_MS, 30000L);
    Set(CURLOPT_CONNECTTIMEOUT_MS, 10000L);
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_HTTPHEADER, headers);
    if (!options.ca_file.empty()) Set(CURLOPT_CAINFO, options.ca_file.c_str());
    Set(CURLOPT_PRIVATE, this);
    Set(CURLOPT_HEADERFUNCTION, &Call::OnHeader);
    Set(CURLOPT_HEADERDATA, this);
    Set(CURLOPT_WRITEFUNCTION, &Call::OnBody);
    Set(CURLOPT_WRITEDATA, this);
  }

  [[nodiscard]] CURL* easy() const { return easy_.get(); }

  void Begin(long number) {
    handwritten::WriteRequest(benchmark::Name(number), benchmark::Permissions(),
                              benchmark::Description(), &request_);
    Set(CURLOPT_POSTFIELDS, request_.GetString());
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.GetSize()));
    body_.clear();
    request_id_.clear();
  }

  bool End(CURLcode code) {
    long status = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status < 200 || status > 299) return false;
    benchmark::Account account;
    return handwritten::ReadReply(body_, &account) && !request_id_.empty();
  }

 private:
  template <class Value>
  void Set(CURLoption option, Value value) {
    if (curl_easy_setopt(easy_.get(), option, value) != CURLE_OK) std::abort();
  }

  static bool StartsWith(std::string_view line, std::string_view lower) {
    if (line.size() < lower.size()) return false;
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if (std::tolower(static_cast<unsigned char>(line[i])) != lower[i]) return false;
    }
    return true;
  }

  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self) {
    constexpr std::string_view kName = "x-request-id:";
    std::string_view line(data, size * count);
    if (StartsWith(line, kName)) {
      line.remove_prefix(kName.size());
      const std::size_t begin = line.find_first_not_of(' ');
      const std::size_t end = line.find_last_not_of("\r\n ");
      if (begin <= end && end != std::string_view::npos) {
        static_cast<Call*>(self)->request_id_ = line.substr(begin, end - begin + 1);
      }
    }
    return size * count;
  }

  static std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* self) {
    constexpr std::size_t kMostBytes = 1 << 20;
    std::string& body = static_cast<Call*>(self)->body_;
    if (body.size() + size * count > kMostBytes) return 0;
    body.append(data, size * count);
    return size * count;
  }

  std::unique_ptr<CURL, CloseEasy> easy_;
  rapidjson::StringBuffer request_;
  std::string body_;
  std::string request_id_;
};

/// `in_flight` calls at a time, each of which begins the next one when it ends.
class Many {
 public:
  Many(const benchmark::Options& options, const std::string& url, curl_slist* headers)
      : multi_(curl_multi_init()) {
    for (int i = 0; i < options.in_flight; ++i) {
      calls_.push_back(std::make_unique<Call>(options, url, headers));
    }
  }
  Many(const Many&) = delete;
  Many& operator=(const Many&) = delete;
  ~Many() {
    // libcurl wants the handles gone before the multi handle that holds their connections.
    calls_.clear();
  }

  long Run(long first, long count) {
    next_ = first;
    end_ = first + count;
    created_ = 0;
    for (const auto& call : calls_) BeginNext(call.get());
    while (running_ > 0) {
      int still_running = 0;
      curl_multi_perform(multi_.get(), &still_running);
      int left = 0;
      while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) Finish(*message);
      if (running_ > 0) curl_multi_poll(multi_.get(), nullptr, 0, 1000, nullptr);
    }
    return created_;
  }

 private:
  void BeginNext(Call* call) {
    if (next_ == end_) return;
    call->Begin(next_++);
    curl_multi_add_handle(multi_.get(), call->easy());
    ++running_;
  }

  void Finish(const CURLMsg& message) {
    if (message.msg != CURLMSG_DONE) return;
    CURL* easy = message.easy_handle;
    const CURLcode code = message.data.result;
    curl_multi_remove_handle(multi_.get(), easy);  // The message is gone with it.
    --running_;
    Call* call = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &call);
    if (call->End(code)) ++created_;
    BeginNext(call);
  }

  std::unique_ptr<CURLM, CloseMulti> multi_;
  std::vector<std::unique_ptr<Call>> calls_;
  long next_ = 0;
  long end_ = 0;
  long created_ = 0;
  int running_ = 0;
};

HeaderLines Headers(const std::string& token) {
  curl_slist* lines = curl_slist_append(nullptr, "Content-Type: application/json");
  lines = curl_slist_append(lines, "Accept: application/json");
  lines = curl_slist_append(lines, ("Authorization: Bearer " + token).c_str());
  return HeaderLines(lines);
}

benchmark::Run Make(const benchmark::Options& options) {
  const std::string url = options.url + "/v1/service-accounts";
  const std::shared_ptr<curl_slist> headers = Headers(options.token);
  if (options.in_flight > 1) {
    auto many = std::make_shared<Many>(options, url, headers.get());
    return [many, headers](long first, long count) { return many->Run(first, count); };
  }
  auto call = std::make_shared<Call>(options, url, headers.get());
  return [call, headers](long first, long count) {
    long created = 0;
    for (long i = first; i < first + count; ++i) {
      call->Begin(i);
      if (call->End(curl_easy_perform(call->easy()))) ++created;
    }
    return created;
  };
}

}  // namespace

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  return benchmark::Main(argc, argv, Make);
}
