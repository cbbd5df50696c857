// tests/host/error/error_test.cpp - codes, chains, and the law's fixed storage.
#include "host/error/error.hpp"

#include <set>

#include <gtest/gtest.h>

namespace host::error {
namespace {

TEST(Status, NumbersAndNamesAreUnique) {
  std::set<bp_status> numbers;
  int rows = 0;
#define BP_STATUS(name, number, exit_code, http_status, sentence) \
  numbers.insert(number);                                         \
  ++rows;
#include "backplane/abi/status.def"
#undef BP_STATUS
  EXPECT_EQ(numbers.size(), static_cast<std::size_t>(rows));
}

TEST(Status, NamesAreWithoutTheLettersOfTheLaw) {
  EXPECT_EQ(status_name(BP_E_NOT_FOUND), "NOT_FOUND");
  EXPECT_EQ(status_name(BP_OK), "OK");
  EXPECT_EQ(status_name(BP_E_PLUGIN_FIRST - 4), "PLUGIN_65540");
  EXPECT_EQ(status_row(-999).code, BP_E_UNKNOWN);
}

TEST(Error, ReadsFromTheOutermostIntentionInward) {
  const Error error = Error(BP_E_IO, "address in use")
                          .during("binding 127.0.0.1:9400")
                          .during("starting plugin 'ws'");
  EXPECT_EQ(error.text(), "starting plugin 'ws': binding 127.0.0.1:9400: address in use");
  EXPECT_EQ(
      error.json(),
      R"({"code":"IO","message":"address in use","context":["binding 127.0.0.1:9400","starting plugin 'ws'"]})");
}

TEST(Error, MayBecomeItselfWithOneMoreIntention) {
  Error error(BP_E_IO, "address in use");
  error = std::move(error).during("binding 127.0.0.1:9400");
  EXPECT_EQ(error.text(), "binding 127.0.0.1:9400: address in use");
}

TEST(Error, SurvivesTheLawsStorage) {
  const Error error = Error(BP_E_BUSY, "full").during("a").during("b");
  bp_error raw{};
  raw.struct_size = sizeof raw;
  error.to_abi(&raw);
  EXPECT_EQ(raw.n_context, 2U);
  const Error back = Error::from_abi(raw.code, &raw);
  EXPECT_EQ(back.code(), BP_E_BUSY);
  EXPECT_EQ(back.chain(), error.chain());
}

TEST(Error, WithoutWordsGetsTheSentenceOfItsCode) {
  const Error error = Error(BP_E_DECRYPT, "").during("reading 'e1'");
  bp_error raw{};
  raw.struct_size = sizeof raw;
  error.to_abi(&raw);
  EXPECT_EQ(Error::from_abi(BP_E_DECRYPT, &raw).text(), "reading 'e1': decryption failed");
}

TEST(Error, IsCutWhereTheStorageEnds) {
  const Error error =
      Error(BP_E_IO, std::string(400, 'x')).during(std::string(400, 'y')).during("never fits");
  bp_error raw{};
  raw.struct_size = sizeof raw;
  error.to_abi(&raw);
  EXPECT_LE(raw.text_len, BP_ERROR_TEXT_BYTES);
  const Error back = Error::from_abi(BP_E_IO, &raw);
  EXPECT_EQ(back.message(), std::string(400, 'x'));
  EXPECT_EQ(back.chain().size(), 2U);
}

TEST(Error, AHostileStorageIsReadNoFurtherThanItIs) {
  bp_error raw{};
  raw.struct_size = sizeof raw;
  raw.text_len = 0xFFFFFFFFU;
  std::fill(std::begin(raw.text), std::end(raw.text), 'z');
  EXPECT_EQ(Error::from_abi(BP_E_IO, &raw).message().size(), BP_ERROR_TEXT_BYTES);
  EXPECT_EQ(Error::from_abi(BP_E_IO, nullptr).message(), status_row(BP_E_IO).sentence);
}

TEST(JsonQuoted, EscapesWhatJsonForbids) {
  EXPECT_EQ(json_quoted("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(json_quoted("grün"), "\"grün\"");
  EXPECT_EQ(json_quoted("\xff\xc0\xaf"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(json_quoted("\xed\xa0\x80").size(), 2U + 9U) << "a surrogate is no character";
}

}  // namespace
}  // namespace host::error
