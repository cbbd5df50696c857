// tests/host/admin/http_server_test.cpp - bytes on a unix socket become requests, answers and
// streams.
#include "host/admin/http_server.hpp"

#include <future>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/host/admin/backend.hpp"

namespace host::admin {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A client that sends what it is told, well-formed or not.
class RawClient {
 public:
  explicit RawClient(const std::string& path) : socket_(io_) { socket_.connect(path); }

  void send(const std::string& text) {
    boost::system::error_code ignored;  // the server may have closed: what it said counts
    boost::asio::write(socket_, boost::asio::buffer(text), ignored);
  }

  std::string read_until(const std::string& end) {
    const std::size_t size =
        boost::asio::read_until(socket_, boost::asio::dynamic_buffer(in_), end);
    std::string text = in_.substr(0, size);
    in_.erase(0, size);
    return text;
  }

  std::string read_all() {
    boost::system::error_code ignored;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(in_), ignored);
    return std::exchange(in_, {});
  }

  void close() { socket_.close(); }

 private:
  boost::asio::io_context io_;
  boost::asio::local::stream_protocol::socket socket_;
  std::string in_;
};

class HttpServerTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (folder_.path() / "s").string(); }

  test::Folder folder_;
  Loop loop_;
};

void echo(Request&& request, const std::shared_ptr<Responder>& responder) {
  std::string text = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) {
    text += " " + name + "=" + value;
  }
  responder->reply({200, text + " [" + request.body + "]\n", "text/plain"});
}

TEST_F(HttpServerTest, DecodesTheTargetAndKeepsTheConnection) {
  const Served served(loop_, path(), echo);
  RawClient client(path());
  client.send("GET /a%20b/c?x=1%262&y&x=+ HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.read_until("]\n"), EndsWith("GET /a b/c x=1&2 x=  y= []\n"));
  client.send("POST /d HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbo");
  client.send("dy");
  const std::string second = client.read_all();
  EXPECT_THAT(second, StartsWith("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"));
  EXPECT_THAT(second, EndsWith("POST /d [body]\n"));
}

TEST_F(HttpServerTest, RefusesABodyAboveTheLimitBeforeItCame) {
  const Served served(loop_, path(), echo);
  RawClient client(path());
  client.send("POST /d HTTP/1.1\r\nHost: h\r\nContent-Length: 16777217\r\n\r\n");
  const std::string answer = client.read_all();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(answer, HasSubstr(R"("code":"TOO_LARGE")"));
  EXPECT_THAT(answer, HasSubstr("a body of 16777217 bytes is above the limit of 16777216 bytes"));
}

TEST_F(HttpServerTest, RefusesALongHeaderAndWhatIsNoHttp) {
  const Served served(loop_, path(), echo);
  RawClient longer(path());
  longer.send("GET / HTTP/1.1\r\nX: " + std::string(header_bytes_max, 'x') + "\r\n\r\n");
  const std::string large = longer.read_all();
  EXPECT_THAT(large, StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(large, HasSubstr("header is above the limit of 8192 bytes"));
  RawClient noise(path());
  noise.send("what?\r\n\r\n");
  EXPECT_THAT(noise.read_all(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, StreamsInChunksUntilTheReaderIsGone) {
  std::promise<std::shared_ptr<Responder>> opened;
  std::promise<void> gone;
  const Served served(loop_, path(),
                      [&](Request&& /*request*/, const std::shared_ptr<Responder>& responder) {
                        responder->begin_stream("text/plain");
                        responder->on_gone([&] { gone.set_value(); });
                        opened.set_value(responder);
                      });
  RawClient client(path());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::shared_ptr<Responder> responder = opened.get_future().get();
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_TRUE(responder->write("twelve bytes"));
  EXPECT_EQ(client.read_until("twelve bytes\r\n"), "c\r\ntwelve bytes\r\n");
  client.close();
  gone.get_future().wait();
  EXPECT_FALSE(responder->write("nobody reads this"));
}

TEST_F(HttpServerTest, AStreamThatEndsIsTerminated) {
  const Served served(loop_, path(),
                      [](Request&& /*request*/, const std::shared_ptr<Responder>& responder) {
                        responder->begin_stream("text/plain");
                        responder->write("a");
                        responder->end();
                      });
  RawClient client(path());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_all(), EndsWith("\r\n\r\n1\r\na\r\n0\r\n\r\n"));
}

TEST_F(HttpServerTest, TakesOverAFileThatNobodyListensOnAndNoOther) {
  folder_.write("s", "left behind");
  {
    const Served served(loop_, path(), echo);
    boost::asio::io_context other;
    const auto second = HttpServer::listen(other, path(), "0600", echo);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), BP_E_BUSY);
    EXPECT_THAT(second.error().text(), HasSubstr("another process listens on '" + path() + "'"));
    EXPECT_EQ(std::filesystem::status(path()).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  EXPECT_FALSE(std::filesystem::exists(path())) << "closing removes it";
}

TEST_F(HttpServerTest, APathThatIsTooLongIsNamed) {
  boost::asio::io_context io;
  const auto server = HttpServer::listen(io, "/" + std::string(200, 'x'), "0600", echo);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), BP_E_TOO_LARGE);
  EXPECT_THAT(server.error().text(), HasSubstr("a unix socket takes 107"));
}

}  // namespace
}  // namespace host::admin
