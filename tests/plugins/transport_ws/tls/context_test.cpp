// tests/plugins/transport_ws/tls/context_test.cpp - files that make a context, and files that do
// not.
#include "tls/context.hpp"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "paper.hpp"

namespace transport_ws::tls {
namespace {

std::string problem(const Settings& settings) {
  const auto made = Context::make(settings);
  return made ? "" : made.error().message();
}

TEST(Context, IsMadeForServersAndClients) {
  const Office office(ClientCertificate::Required);
  EXPECT_EQ(problem(office.server), "");
  EXPECT_EQ(problem(office.client), "");
  EXPECT_EQ(problem(office.client_as("me")), "");
  EXPECT_EQ(problem({.side = Side::Client, .certificate = {}, .key = {}, .ca = {}, .by_name = {}}),
            "");
}

TEST(Context, NamesTheFileThatIsWrongAndTheFix) {
  Office office;
  const std::string garbage = office.folder.write("garbage", "no PEM");
  const auto with = [&](std::string Settings::* file, const std::string& path) {
    Settings settings = office.server;
    settings.*file = path;
    return problem(settings);
  };
  for (const auto file : {&Settings::certificate, &Settings::key, &Settings::ca}) {
    for (const std::string& path : {garbage, office.folder.at("nothing")}) {
      const std::string text = with(file, path);
      EXPECT_NE(text.find("'" + path + "'"), std::string::npos) << text;
      EXPECT_NE(text.find("fix: "), std::string::npos) << text;
    }
  }
  const std::string other = office.folder.write("other.key", office.authority.issue("b").key);
  EXPECT_NE(with(&Settings::key, other).find("does not belong to the certificate"),
            std::string::npos);
}

TEST(Context, NamesTheFileThatIsWrongAlsoAmongThoseByName) {
  Office office;
  office.server.by_name = {{office.server.certificate, office.server.key},
                           {office.folder.at("nothing.pem"), office.server.key}};
  EXPECT_NE(problem(office.server).find("nothing.pem"), std::string::npos);
}

TEST(Context, RefusesAKeyThatOthersMayRead) {
  const Office office;
  std::filesystem::permissions(office.server.key, std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  EXPECT_EQ(Context::make(office.server).error().code(), BP_E_PERMISSION);
}

TEST(Context, RefusesAKeyUnderAPasswordWithoutAsking) {
  Office office;
  const Key key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  office.folder.write("server.key", pem_of([&](BIO* into) {
                        PEM_write_bio_PKCS8PrivateKey(into, key.get(), EVP_aes_128_cbc(), "word", 4,
                                                      nullptr, nullptr);
                      }));
  EXPECT_NE(problem(office.server).find("opens without a password"), std::string::npos);
}

}  // namespace
}  // namespace transport_ws::tls
