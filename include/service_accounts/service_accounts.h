// A client for `POST /v1/service-accounts`: creates a service account for the current organization,
// at most one a call, and says truthfully what came of it. Everything but the test kit.
//
//   ServiceAccountsClient client(ClientOptions::FromEnvironment());
//   CreateServiceAccountRequest request;
//   request.name = "deploy-bot";
//   request.permissions = {"org:read"};
//   auto account = client.CreateServiceAccount(request);
#ifndef SERVICE_ACCOUNTS_SERVICE_ACCOUNTS_H_
#define SERVICE_ACCOUNTS_SERVICE_ACCOUNTS_H_

#include <service_accounts/attempt_record.h>
#include <service_accounts/bulk_options.h>
#include <service_accounts/call_options.h>
#include <service_accounts/cancellation.h>
#include <service_accounts/client.h>
#include <service_accounts/client_options.h>
#include <service_accounts/create_service_account_request.h>
#include <service_accounts/credentials.h>
#include <service_accounts/error.h>
#include <service_accounts/header.h>
#include <service_accounts/http_transport.h>
#include <service_accounts/json.h>
#include <service_accounts/observer.h>
#include <service_accounts/proxy_options.h>
#include <service_accounts/response_metadata.h>
#include <service_accounts/result.h>
#include <service_accounts/retry_policy.h>
#include <service_accounts/service_account.h>
#include <service_accounts/timestamp.h>
#include <service_accounts/tls_options.h>
#include <service_accounts/version.h>

/// @namespace service_accounts
/// A client for one REST operation, `POST /v1/service-accounts`. One call makes at most one
/// account, and always says truthfully what happened. Its types in the order in which one meets
/// them:
///
/// - To make a call: `ServiceAccountsClient`, made of `ClientOptions` with their `Credentials`,
///   sends a `CreateServiceAccountRequest`; `CallOptions` say what one call does differently.
/// - What came of it: a `Result` holds the `ServiceAccount` or an `Error`, whose `RequestOutcome`
///   says whether the account may exist and whose `ErrorKind` says why; beside either there is
///   `ResponseMetadata`, with an `AttemptRecord` for each attempt.
/// - How long and how often: `RetryPolicy`, `CancellationSource`.
/// - Many at a time: `BulkOptions`, `BulkProgress`.
/// - How the service is reached: `TlsOptions`, `ProxyOptions`, `HttpVersion`, `Header`; and who is
///   asking: `BearerToken`, `TokenFromEnvironment`, `TokenFromFile`, `TokenFromCallback`, which
///   hands over an `AccessToken`.
/// - To watch it: `Observer`, `LogObserver`.
/// - To and from JSON: `ToJson`, `CreateServiceAccountRequestFromJson`, `ServiceAccountFromJson`,
///   `Timestamp`.
/// - Instead of libcurl: `HttpTransport`; for tests `FakeTransport` and `MockServer`.
///
/// Plain values (options, requests, accounts, errors, results) are as safe between threads as a
/// `std::string`. What is shared by its copies (clients, credentials, cancellation) may be used
/// from any thread. Nothing throws for what the network, the service or the caller's data can do,
/// but `Result::value()`; only where memory runs out there may be a `std::bad_alloc`.

#endif  // SERVICE_ACCOUNTS_SERVICE_ACCOUNTS_H_
