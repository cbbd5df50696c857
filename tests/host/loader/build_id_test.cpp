// tests/host/loader/build_id_test.cpp - the id is found among other notes, and damaged notes end
// the walk.
#include "host/loader/build_id.hpp"

#include <elf.h>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace host::loader {
namespace {

TEST(BuildId, IsFoundAmongNotes) {
  const auto note = [](std::uint32_t type, std::string_view name, std::string_view data) {
    const Elf64_Nhdr header{static_cast<Elf64_Word>(name.size()),
                            static_cast<Elf64_Word>(data.size()), type};
    std::string text(reinterpret_cast<const char*>(&header), sizeof(header));
    text.append(name).append(data);
    return text.append((4 - text.size() % 4) % 4, '\0');
  };
  const std::string_view gnu("GNU\0", 4);
  const std::string notes = note(1, gnu, "abcd") + note(NT_GNU_BUILD_ID, gnu, "\x01\xab");
  EXPECT_EQ(build_id_in(std::as_bytes(std::span(notes)), 4), "01ab");
  EXPECT_EQ(build_id_in(std::as_bytes(std::span(notes)).first(30), 4), "");
  EXPECT_EQ(build_id_in({}, 4), "");
}

}  // namespace
}  // namespace host::loader
