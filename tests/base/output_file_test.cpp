#include "base/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <future>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

std::string error_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

class OutputFileTest : public ::testing::Test {
 protected:
  OutputFileTest() {
    std::string pattern = (fs::temp_directory_path() / "output.XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
  }
  ~OutputFileTest() override { fs::remove_all(dir_); }

  std::ptrdiff_t entries() const {
    return std::distance(fs::directory_iterator(dir_), fs::directory_iterator());
  }

  fs::path dir_;
};

TEST_F(OutputFileTest, file_is_replaced_as_a_whole_and_keeps_its_permissions) {
  const fs::path file = dir_ / "f";
  write_file(file, "old");
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  {
    OutputFile out(file);
    out.write("new ");
    out.write("text");
    EXPECT_EQ(read_file(file), "old");
    out.finish();
    EXPECT_EQ(read_file(file), "old");
    out.publish();
  }
  EXPECT_EQ(read_file(file), "new text");
  EXPECT_EQ(mode_of(file), 0640U);
  EXPECT_EQ(entries(), 1);
}

TEST_F(OutputFileTest, what_is_replaced_keeps_its_owner) {
  const fs::path file = dir_ / "f";
  write_file(file, "old");
  // Who is not root can give a file to itself only.
  const uid_t owner = ::geteuid() == 0 ? 12345 : ::geteuid();
  const gid_t group = ::geteuid() == 0 ? 23456 : ::getegid();
  ASSERT_EQ(::chown(file.c_str(), owner, group), 0);
  write_file(file, "new");
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(read_file(file), "new");
  EXPECT_EQ(status.st_uid, owner);
  EXPECT_EQ(status.st_gid, group);
}

TEST_F(OutputFileTest, what_is_not_published_leaves_nothing) {
  {
    OutputFile out(dir_ / "f");
    out.write("text");
    out.finish();
  }
  EXPECT_EQ(entries(), 0);
}

TEST_F(OutputFileTest, new_file_has_the_permissions_of_the_mask) {
  const mode_t before = ::umask(027);
  write_file(dir_ / "f", "x");
  ::umask(before);
  EXPECT_EQ(mode_of(dir_ / "f"), 0640U);
}

TEST_F(OutputFileTest, symbolic_link_stays_and_its_target_is_written) {
  fs::create_directory(dir_ / "sub");
  write_file(dir_ / "sub" / "target", "old");
  fs::create_symlink("sub/target", dir_ / "one");
  fs::create_symlink("one", dir_ / "two");
  write_file(dir_ / "two", "new");
  EXPECT_TRUE(fs::is_symlink(dir_ / "two"));
  EXPECT_TRUE(fs::is_symlink(dir_ / "one"));
  EXPECT_EQ(read_file(dir_ / "sub" / "target"), "new");
}

TEST_F(OutputFileTest, link_to_nothing_makes_its_target) {
  fs::create_symlink("target", dir_ / "link");
  write_file(dir_ / "link", "new");
  EXPECT_TRUE(fs::is_symlink(dir_ / "link"));
  EXPECT_EQ(read_file(dir_ / "target"), "new");
}

TEST_F(OutputFileTest, links_in_a_circle_are_refused) {
  fs::create_symlink("b", dir_ / "a");
  fs::create_symlink("a", dir_ / "b");
  const std::string path = (dir_ / "a").string();
  EXPECT_EQ(error_of([&] { write_file(path, "x"); }),
            path + ": cannot be written: Too many levels of symbolic links");
}

TEST_F(OutputFileTest, fifo_is_written_through) {
  const fs::path fifo = dir_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  auto reader = std::async(std::launch::async, [&] {
    const int fd = ::open(fifo.c_str(), O_RDONLY);
    std::string text = read_descriptor(fd, fifo);
    ::close(fd);
    return text;
  });
  write_file(fifo, "through");
  EXPECT_EQ(reader.get(), "through");
  EXPECT_TRUE(fs::is_fifo(fifo));
}

TEST_F(OutputFileTest, device_is_written_through_a_link_too) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(::grantpt(terminal), 0);
  ASSERT_EQ(::unlockpt(terminal), 0);
  const fs::path device = ::ptsname(terminal);
  const int keeps_it_open = ::open(device.c_str(), O_RDWR | O_NOCTTY);
  fs::create_symlink(device, dir_ / "link");
  write_file(dir_ / "link", "through");
  char text[16] = {};
  EXPECT_EQ(::read(terminal, text, sizeof text), 7);
  EXPECT_STREQ(text, "through");
  EXPECT_TRUE(fs::is_symlink(dir_ / "link"));
  EXPECT_TRUE(fs::is_character_file(device));
  ::close(keeps_it_open);
  ::close(terminal);
}

TEST_F(OutputFileTest, descriptor_of_an_open_file_is_appended_to) {
  write_file(dir_ / "f", "old ");
  const int fd = ::open((dir_ / "f").c_str(), O_WRONLY);
  write_file(fmt::format("/dev/fd/{}", fd), "new");
  ::close(fd);
  EXPECT_EQ(read_file(dir_ / "f"), "old new");
}

TEST_F(OutputFileTest, full_device_is_named_with_its_reason) {
  EXPECT_EQ(error_of([] { write_file("/dev/full", "x"); }),
            "/dev/full: cannot be written: No space left on device");
}

TEST_F(OutputFileTest, file_too_large_leaves_the_old_one_and_nothing_else) {
  write_file(dir_ / "f", "old");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string error = error_of([&] { write_file(dir_ / "f", std::string(5000, 'x')); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(error, (dir_ / "f").string() + ": cannot be written: File too large");
  EXPECT_EQ(read_file(dir_ / "f"), "old");
  EXPECT_EQ(entries(), 1);
}

TEST_F(OutputFileTest, directory_is_not_made_for_a_file) {
  const std::string file = (dir_ / "absent" / "f").string();
  const std::string expected =
      fmt::format("{}: cannot be written: there is no directory {}, expected one", file,
                  (dir_ / "absent").string());
  EXPECT_EQ(error_of([&] { write_file(file, "x"); }), expected);
  EXPECT_EQ(error_of([&] { check_output_file(file); }), expected);
  EXPECT_EQ(entries(), 0);
}

TEST_F(OutputFileTest, directory_is_no_file) {
  EXPECT_EQ(error_of([&] { check_output_file(dir_); }),
            dir_.string() + ": is a directory, expected a file");
  EXPECT_NE(error_of([&] { check_output_file(dir_ / "absent/"); }), "");
}

TEST_F(OutputFileTest, file_is_no_directory) {
  write_file(dir_ / "f", "x");
  const std::string file = (dir_ / "f").string();
  EXPECT_EQ(error_of([&] { check_output_directory(dir_ / "f" / "g"); }),
            fmt::format("{0}/g: cannot be made: {0} is not a directory, expected one", file));
  EXPECT_EQ(error_of([&] { make_directory(dir_ / "f" / "g"); }),
            fmt::format("{0}/g: cannot be made: {0} is not a directory, expected one", file));
  EXPECT_EQ(error_of([&] { check_output_file(dir_ / "f" / "g"); }),
            file + "/g: cannot be written: Not a directory");
  EXPECT_EQ(error_of([&] { check_output_directory(dir_ / "new" / "one"); }), "");
  EXPECT_EQ(entries(), 1);
}

TEST_F(OutputFileTest, directory_that_cannot_be_made_says_why) {
  EXPECT_EQ(error_of([] { make_directory("/proc/absent/new"); }),
            "/proc/absent/new: cannot be made: No such file or directory");
  EXPECT_EQ(error_of([] { make_directory(std::string(300, 'x')); }),
            std::string(300, 'x') + ": cannot be made: File name too long");
}

TEST_F(OutputFileTest, files_of_a_run_appear_together) {
  OutputFiles files;
  files.make_directory(dir_ / "run" / "deep");
  files.add(dir_ / "run" / "deep" / "a", "1");
  files.add(dir_ / "b", "2");
  EXPECT_FALSE(fs::exists(dir_ / "run" / "deep" / "a"));
  EXPECT_FALSE(fs::exists(dir_ / "b"));
  files.commit();
  EXPECT_EQ(read_file(dir_ / "run" / "deep" / "a"), "1");
  EXPECT_EQ(read_file(dir_ / "b"), "2");
}

TEST_F(OutputFileTest, failed_run_leaves_neither_files_nor_directories) {
  write_file(dir_ / "there", "x");
  EXPECT_THROW(
      {
        OutputFiles files;
        files.make_directory(dir_ / "run" / "deep");
        files.add(dir_ / "run" / "deep" / "a", "1");
        files.add(dir_ / "there" / "b", "2");
      },
      InputError);
  EXPECT_EQ(entries(), 1);
}

TEST_F(OutputFileTest, no_file_is_written_twice) {
  write_file(dir_ / "a", "old");
  {
    OutputFiles files;
    files.add(dir_ / "a", "1");
    EXPECT_THROW(files.add(dir_ / "." / "a", "2"), InputError);
    EXPECT_THROW(files.claim(dir_ / "a"), InputError);
    files.claim(dir_ / "new");
    EXPECT_THROW(files.add(dir_ / "sub" / ".." / "new", "2"), InputError);
  }
  EXPECT_EQ(read_file(dir_ / "a"), "old");
}

TEST_F(OutputFileTest, what_an_earlier_run_left_goes_at_commit_unless_it_is_written) {
  write_file(dir_ / "a", "old");
  write_file(dir_ / "b", "old");
  OutputFiles files;
  write_file(dir_ / "read", "old");
  files.keep(dir_ / "read");
  EXPECT_THROW(files.add(dir_ / "read", "new"), InputError);
  for (const char* name : {"a", "b", "c", "read"}) files.remove(dir_ / name);
  files.add(dir_ / "a", "new");
  EXPECT_TRUE(fs::exists(dir_ / "b"));
  files.commit();
  EXPECT_FALSE(fs::exists(dir_ / "b"));
  EXPECT_EQ(read_file(dir_ / "a"), "new");
  EXPECT_EQ(read_file(dir_ / "read"), "old");
}

TEST_F(OutputFileTest, standard_output_has_several_names) {
  EXPECT_TRUE(is_standard_output("-"));
  EXPECT_TRUE(is_standard_output("/dev/stdout"));
  EXPECT_FALSE(is_standard_output("./-"));
  ::testing::internal::CaptureStdout();
  write_file("-", "text");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "text");
}

}  // namespace
}  // namespace unna
