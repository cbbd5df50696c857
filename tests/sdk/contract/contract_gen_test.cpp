// tests/sdk/contract/contract_gen_test.cpp - the tool itself: what it writes and what it refuses.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class ContractGen : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        fs::path(TEST_FOLDER) / ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::create_directories(folder_);
  }

  void TearDown() override { fs::remove_all(folder_); }

  // Compiles `schema` and runs the tool over it; what it printed, or what it wrote.
  std::string generated(const std::string& schema, const std::string& version = "1.0",
                        const std::string& header = "") {
    std::ofstream(folder_ / "x.fbs") << "attribute \"method\"; attribute \"inline\"; "
                                        "attribute \"concurrency\"; attribute \"queue\";\n"
                                     << schema;
    const std::string in = folder_.string();
    EXPECT_EQ(
        run(std::string(FLATC) + " -b --schema --bfbs-comments -o " + in + " " + in + "/x.fbs"), 0)
        << printed();
    fs::remove(folder_ / "x_contract.hpp");
    std::ofstream(folder_ / "x_generated.h") << header;
    const int code = run(std::string(CONTRACT_GEN) + " " + in + "/x.bfbs x " + version + " " + in);
    EXPECT_EQ(code == 0, fs::exists(folder_ / "x_contract.hpp"));
    return code == 0 ? contents(folder_ / "x_contract.hpp") : printed();
  }

  int run(const std::string& command) {
    return std::system((command + " > " + (folder_ / "out").string() + " 2>&1").c_str());
  }

  std::string printed() { return contents(folder_ / "out"); }

  fs::path folder_;
};

TEST_F(ContractGen, RefusesUnsuitableSchemas) {
  const std::string tables = "namespace a.b; table T {} ";
  const std::vector<std::pair<std::string, std::string>> refused{
      {tables + "union U { T } table V { u:U; }", "'a.b.U' is a union"},
      {tables + "struct S { x:int; }", "'a.b.S' is a struct"},
      {tables + "rpc_service S { Do(T):T; }", "method 'Do' has no number of its own"},
      {tables + "rpc_service S { Do(T):T (method: \"x\"); }", "has no number of its own"},
      {tables + "rpc_service S { A(T):T (method: \"1\"); B(T):T (method: \"1\"); }",
       "share a number"},
      {tables +
           "rpc_service S { A(T):T (method: \"1\"); } rpc_service R { A(T):T (method: \"1\"); }",
       "one contract is one service"},
      {tables + "rpc_service S { A(T):T (method: \"1\", concurrency: \"0\"); }",
       "method 'A': concurrency is a number from 1 to 65536, not \"0\""},
      {tables + "rpc_service S { A(T):T (method: \"1\", concurrency: \"2\", queue: \"many\"); }",
       "queue is a number from 0 to 4096"},
      {tables + "rpc_service S { A(T):T (method: \"1\", queue: \"2\"); }",
       "has a queue and no concurrency"},
      {tables + "rpc_service S { A(T):T (method: \"1\", inline, concurrency: \"2\"); }",
       "is inline and has a concurrency"},
      {"table T {} rpc_service S { A(T):T (method: \"1\"); }", "has no namespace"}};
  for (const auto& [schema, why] : refused) {
    EXPECT_NE(generated(schema).find(why), std::string::npos) << printed();
  }
}

TEST_F(ContractGen, RefusesBadVersionsAndFiles) {
  EXPECT_NE(generated("namespace a; table T {}", "one").find("major.minor"), std::string::npos);
  const std::string tool = CONTRACT_GEN;
  EXPECT_NE(run(tool), 0);
  EXPECT_NE(printed().find("usage:"), std::string::npos);
  EXPECT_NE(run(tool + " /nonexistent x 1.0 " + folder_.string()), 0);
  EXPECT_NE(printed().find("cannot be read"), std::string::npos);
  EXPECT_NE(run(tool + " " + (folder_ / "x.fbs").string() + " x 1.0 " + folder_.string()), 0);
  EXPECT_NE(printed().find("not a binary schema"), std::string::npos);
}

TEST_F(ContractGen, TypesOnlyHaveNoClient) {
  const std::string text = generated("namespace a; table T { x:int; }");
  EXPECT_NE(text.find("struct x {"), std::string::npos) << text;
  EXPECT_EQ(text.find("class client"), std::string::npos);
}

TEST_F(ContractGen, EscapesNamespacesThatCppReserves) {
  const std::string text = generated(
      "namespace a.export; table T {} rpc_service S { Do(T):T (method: \"1\"); }", "1.0",
      "namespace a {\nnamespace export {\nauto x = a::export::y;\n}  // namespace export\n}\n");
  EXPECT_NE(text.find("::a::export_::T"), std::string::npos) << text;
  EXPECT_NE(text.find("name = \"a.export\""), std::string::npos) << text;
  EXPECT_EQ(
      contents(folder_ / "x_generated.h"),
      "namespace a {\nnamespace export_ {\nauto x = a::export_::y;\n}  // namespace export_\n}\n");
}

TEST_F(ContractGen, CarriesDocumentationAndNames) {
  const std::string text = generated(
      "namespace a.b; table T {} rpc_service S {\n/// Does it.\nDoIt(T):T (method: \"5\", "
      "inline);\n"
      "GetURLOf(T):T (method: \"6\"); New(T):T (method: \"7\"); Client(T):T (method: \"8\"); }",
      "4.2");
  for (const std::string part :
       {"/// Does it.\n    [[nodiscard]] auto do_it(", "auto get_url_of(", "auto new_(",
        "auto client_(", "major = 4;", "minor = 2;", "name = \"a.b\";", "/// Inline."}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
