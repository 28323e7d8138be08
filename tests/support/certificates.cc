#include "tests/support/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <stdexcept>

namespace service_accounts::tests {
namespace {

constexpr std::chrono::hours kAuthorityLife{24 * 365};

OpenSslPtr<EVP_PKEY> NewKey(unsigned rsa_bits) {
  OpenSslPtr<EVP_PKEY> key(rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(rsa_bits));
  Require(key != nullptr, "make a key");
  return key;
}

std::uint64_t RandomNumber() {
  std::uint64_t number = 0;
  Require(RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number) == 1, "random");
  return number >> 1;  // Serial numbers have a sign.
}

/// As OpenSSL takes it, also where a `long` holds 68 years only.
long Long(std::chrono::seconds seconds) { return static_cast<long>(seconds.count()); }

/// Everything but issuer, extensions and signature.
OpenSslPtr<X509> NewCertificate(EVP_PKEY* key, const std::string& subject,
                                std::chrono::seconds not_before, std::chrono::seconds not_after) {
  OpenSslPtr<X509> certificate(X509_new());
  X509* const x509 = certificate.get();
  Require(x509 != nullptr && X509_set_version(x509, X509_VERSION_3) == 1 &&
              ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), RandomNumber()) == 1 &&
              X509_gmtime_adj(X509_getm_notBefore(x509), Long(not_before)) != nullptr &&
              X509_gmtime_adj(X509_getm_notAfter(x509), Long(not_after)) != nullptr &&
              X509_set_pubkey(x509, key) == 1,
          "make a certificate");
  const auto* const text = reinterpret_cast<const unsigned char*>(subject.data());
  Require(X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8, text,
                                     static_cast<int>(subject.size()), -1, 0) == 1,
          "name a certificate");
  return certificate;
}

struct Extension {
  int nid;
  std::string value;
};

void Sign(X509* certificate, X509* issuer, EVP_PKEY* key, const std::vector<Extension>& all) {
  Require(X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1, "set an issuer");
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const Extension& each : all) {
    const OpenSslPtr<X509_EXTENSION> extension(
        X509V3_EXT_conf_nid(nullptr, &context, each.nid, each.value.c_str()));
    Require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
            each.value.c_str());
  }
  Require(X509_sign(certificate, key, EVP_sha256()) > 0, "sign a certificate");
}

/// As a subjectAltName: "DNS:localhost,IP:127.0.0.1".
std::string AlternativeNames(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) {
    const bool address = name.find_first_not_of("0123456789.") == std::string::npos ||  //
                         name.find(':') != std::string::npos;
    all += (all.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return all;
}

OpenSslPtr<BIO> NewBuffer() {
  OpenSslPtr<BIO> buffer(BIO_new(BIO_s_mem()));
  Require(buffer != nullptr, "make a buffer");
  return buffer;
}

OpenSslPtr<BIO> BufferOf(std::string_view text) {
  OpenSslPtr<BIO> buffer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Require(buffer != nullptr, "make a buffer");
  return buffer;
}

std::string TextIn(BIO* buffer) {
  std::string text(BIO_ctrl_pending(buffer), '\0');
  BIO_read(buffer, text.data(), static_cast<int>(text.size()));
  return text;
}

std::string PemOf(X509* certificate) {
  const OpenSslPtr<BIO> buffer = NewBuffer();
  Require(PEM_write_bio_X509(buffer.get(), certificate) == 1, "write a certificate");
  return TextIn(buffer.get());
}

std::string PemOf(EVP_PKEY* key) {
  const OpenSslPtr<BIO> buffer = NewBuffer();
  Require(PEM_write_bio_PrivateKey(buffer.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1,
          "write a key");
  return TextIn(buffer.get());
}

/// The next certificate of a PEM text, or null.
OpenSslPtr<X509> ReadCertificate(BIO* buffer) {
  return OpenSslPtr<X509>(PEM_read_bio_X509(buffer, nullptr, nullptr, nullptr));
}

}  // namespace

void Require(bool succeeded, const char* what) {
  if (succeeded) return;
  const char* const why = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  throw std::runtime_error("OpenSSL: " + std::string(what) + ": " + (why != nullptr ? why : "?"));
}

Authority::Authority() : key_(NewKey(0)) {
  // A name of its own, so that none is taken for another one.
  certificate_ = NewCertificate(key_.get(), "Authority " + std::to_string(RandomNumber()),
                                -kAuthorityLife, kAuthorityLife);
  Sign(certificate_.get(), certificate_.get(), key_.get(),
       {{NID_basic_constraints, "critical,CA:TRUE"},
        {NID_key_usage, "critical,keyCertSign,cRLSign"},
        {NID_subject_key_identifier, "hash"}});
  pem_ = PemOf(certificate_.get());
}

Certificate Authority::Issue(const CertificateOptions& options) const {
  const OpenSslPtr<EVP_PKEY> key = NewKey(options.rsa_bits);
  const OpenSslPtr<X509> leaf =
      NewCertificate(key.get(), options.names.at(0), options.not_before, options.not_after);
  const bool server = options.purpose == CertificatePurpose::kServer;
  Sign(leaf.get(), options.self_signed ? leaf.get() : certificate_.get(),
       options.self_signed ? key.get() : key_.get(),
       {{NID_basic_constraints, "critical,CA:FALSE"},
        {NID_key_usage, "critical,digitalSignature,keyEncipherment"},
        {NID_ext_key_usage, server ? "serverAuth" : "clientAuth"},
        {NID_subject_alt_name, AlternativeNames(options.names)},
        {NID_subject_key_identifier, "hash"},
        {NID_authority_key_identifier, "keyid"}});
  return {PemOf(leaf.get()), PemOf(key.get())};
}

void UseCertificate(SSL_CTX* context, const Certificate& certificate) {
  const OpenSslPtr<BIO> chain = BufferOf(certificate.chain);
  const OpenSslPtr<X509> leaf = ReadCertificate(chain.get());
  Require(leaf != nullptr && SSL_CTX_use_certificate(context, leaf.get()) == 1,
          "use a certificate");
  while (const OpenSslPtr<X509> next = ReadCertificate(chain.get())) {
    Require(SSL_CTX_add1_chain_cert(context, next.get()) == 1, "send a chain");
  }
  ERR_clear_error();  // The end of the text is one.
  const OpenSslPtr<BIO> buffer = BufferOf(certificate.key);
  const OpenSslPtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(buffer.get(), nullptr, nullptr, nullptr));
  Require(key != nullptr && SSL_CTX_use_PrivateKey(context, key.get()) == 1, "use a key");
}

void TrustAuthority(SSL_CTX* context, std::string_view pem) {
  const OpenSslPtr<X509> authority = ReadCertificate(BufferOf(pem).get());
  Require(authority != nullptr &&
              X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) == 1,
          "trust an authority");
}

}  // namespace service_accounts::tests
