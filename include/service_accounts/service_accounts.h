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

#endif  // SERVICE_ACCOUNTS_SERVICE_ACCOUNTS_H_
