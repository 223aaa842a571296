//===- NpyTest.cpp - NumPy files, whole and damaged -----------------------===//
//
// Part of the Quanta project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "quanta/Execution/Npy.h"

#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include "gtest/gtest.h"

#include <cstring>

using namespace llvm;
using namespace quanta;

namespace {

std::string makeNpy(StringRef dictionary, StringRef data, char major = 1) {
  std::string text = "\x93NUMPY";
  text += major;
  text += '\0';
  char length[4];
  support::endian::write32le(length, dictionary.size());
  text.append(length, major == 1 ? 2 : 4);
  return text + dictionary.str() + data.str();
}

std::string makeHeader(StringRef descr, StringRef order, StringRef shape) {
  return ("{'descr': '" + descr + "', 'fortran_order': " + order +
          ", 'shape': " + shape + ", }\n")
      .str();
}

template <typename T> std::string bytesOf(std::vector<T> values) {
  return std::string(reinterpret_cast<const char *>(values.data()),
                     values.size() * sizeof(T));
}

std::string parseError(StringRef bytes) {
  Expected<HostTensor> tensor = parseNpy(bytes, "x.npy");
  return tensor ? "" : toString(tensor.takeError());
}

TEST(Npy, ReadsEveryVersionAndOrder) {
  std::string data = bytesOf<float>({1, 2, 3, 4, 5, 6});
  for (char version : {1, 2, 3}) {
    Expected<HostTensor> tensor = parseNpy(
        makeNpy(makeHeader("<f4", "False", "(2, 3)"), data, version), "x");
    ASSERT_TRUE(!!tensor);
    EXPECT_EQ(tensor->getKind(), ElementKind::F32);
    EXPECT_EQ(tensor->getShape(), ArrayRef<int64_t>({2, 3}));
    EXPECT_EQ(std::memcmp(tensor->getData(), data.data(), data.size()), 0);
  }
  Expected<HostTensor> fortran =
      parseNpy(makeNpy(makeHeader("<f4", "True", "(3, 2)"), data), "x");
  ASSERT_TRUE(!!fortran);
  std::string expected = bytesOf<float>({1, 4, 2, 5, 3, 6});
  EXPECT_TRUE(fortran->isRowMajor());
  EXPECT_EQ(std::memcmp(fortran->getData(), expected.data(), expected.size()),
            0);
}

TEST(Npy, ReadsScalarsAndEmptyArrays) {
  Expected<HostTensor> scalar = parseNpy(
      makeNpy(makeHeader("<i8", "False", "()"), bytesOf<int64_t>({7})), "x");
  ASSERT_TRUE(!!scalar);
  EXPECT_EQ(scalar->getRank(), 0u);
  EXPECT_EQ(*scalar->getDataAs<int64_t>(), 7);
  Expected<HostTensor> empty =
      parseNpy(makeNpy(makeHeader("|b1", "False", "(0, 5)"), ""), "x");
  ASSERT_TRUE(!!empty);
  EXPECT_EQ(empty->getNumElements(), 0);
  EXPECT_NE(empty->getData(), nullptr);
}

TEST(Npy, SaysWhatIsWrong) {
  std::string good = makeHeader("<f4", "False", "(2,)");
  std::string data = bytesOf<float>({1, 2});
  EXPECT_EQ(parseError(""), "x.npy: the file is empty");
  EXPECT_EQ(parseError("\x93NUM"), "x.npy: truncated .npy file");
  EXPECT_EQ(parseError("PK"), "x.npy: not an .npy file (wrong magic number)");
  EXPECT_EQ(parseError(makeNpy(good, data, 9)),
            "x.npy: unknown .npy format version 9");
  EXPECT_EQ(parseError(makeNpy(good, data.substr(1))),
            "x.npy: truncated .npy file: 2xf32 takes 8 bytes, the file has 7");
  EXPECT_EQ(parseError(makeNpy(good, data + "x")),
            "x.npy: data after the array: 2xf32 takes 8 bytes, the file has 9");
  EXPECT_EQ(parseError(makeNpy(makeHeader(">f4", "False", "(2,)"), data)),
            "x.npy: its elements are big-endian ('>f4'); only little-endian "
            "files are supported");
  EXPECT_EQ(parseError(makeNpy(makeHeader("|O", "False", "(2,)"), data)),
            "x.npy: it holds pickled Python objects, not numbers");
  EXPECT_EQ(parseError(makeNpy(makeHeader("<c8", "False", "(1,)"), data)),
            "x.npy: its dtype '<c8' is not supported");
  EXPECT_EQ(parseError(makeNpy(makeHeader("<f4", "Maybe", "(2,)"), data)),
            "x.npy: 'fortran_order' in its header is neither True nor False");
  EXPECT_EQ(parseError(makeNpy(makeHeader("<f4", "False", "(-2,)"), data)),
            "x.npy: 'shape' in its header is not a tuple of sizes");
  EXPECT_EQ(
      parseError(makeNpy(makeHeader("<f4", "False", "(9223372036854775807, 3)"),
                         data)),
      "x.npy: an array of 9223372036854775807x3xf32 does not fit in memory");
  EXPECT_EQ(
      parseError(makeNpy(
          makeHeader("<f4", "False", "(0, 9223372036854775807, 9)"), "")),
      "x.npy: an array of 0x9223372036854775807x9xf32 does not fit in memory");
  EXPECT_EQ(
      parseError(makeNpy(
          makeHeader("<f4", "False", "(99999999999999999999999,)"), data)),
      "x.npy: 'shape' in its header is not a tuple of sizes");
  EXPECT_EQ(parseError(makeNpy("{'descr': [('a', '<f4')], ", data)),
            "x.npy: structured dtypes are not supported");
  EXPECT_EQ(parseError(makeNpy("{'descr': '<f4'}", data)),
            "x.npy: its header lacks one of 'descr', 'fortran_order' and "
            "'shape'");
}

/// Damages every byte in every way, and cuts the text at every length.
void damage(const std::string &good, function_ref<void(StringRef)> parse) {
  for (size_t length = 0; length < good.size(); ++length)
    parse(StringRef(good).take_front(length));
  for (size_t position = 0; position < good.size(); ++position)
    for (unsigned value = 0; value < 256; ++value) {
      std::string bad = good;
      bad[position] = static_cast<char>(value);
      parse(bad);
    }
}

TEST(Npy, SurvivesDamage) {
  std::string good = makeNpy(makeHeader("<f4", "True", "(2, 3)"),
                             bytesOf<float>({1, 2, 3, 4, 5, 6}));
  damage(good, [](StringRef bytes) {
    Expected<HostTensor> tensor = parseNpy(bytes, "x.npy");
    if (!tensor)
      EXPECT_TRUE(
          StringRef(toString(tensor.takeError())).starts_with("x.npy: "));
  });
}

/// An archive with one stored array, as `numpy.savez` writes it.
std::string makeNpz(const std::string &name, const std::string &data) {
  std::string text;
  auto u16 = [&](uint16_t value) {
    char bytes[2];
    support::endian::write16le(bytes, value);
    text.append(bytes, 2);
  };
  auto u32 = [&](uint32_t value) {
    char bytes[4];
    support::endian::write32le(bytes, value);
    text.append(bytes, 4);
  };
  auto common = [&](uint16_t extra) {
    u16(20), u16(0), u16(0), u32(0);
    u32(llvm::crc32(
        ArrayRef(reinterpret_cast<const uint8_t *>(data.data()), data.size())));
    u32(data.size()), u32(data.size()), u16(name.size()), u16(extra);
  };
  text += "PK\3\4";
  common(0);
  text += name + data;
  size_t directory = text.size();
  text += "PK\1\2";
  u16(20);
  common(0);
  u16(0), u16(0), u16(0), u32(0), u32(0);
  text += name;
  size_t size = text.size() - directory;
  text += "PK\5\6";
  u16(0), u16(0), u16(1), u16(1), u32(size), u32(directory), u16(0);
  return text;
}

TEST(Npz, ReadsStoredArraysAndSurvivesDamage) {
  std::string array =
      makeNpy(makeHeader("<i2", "False", "(2,)"), bytesOf<int16_t>({3, -4}));
  std::string good = makeNpz("first.npy", array);
  Expected<std::vector<NamedTensor>> tensors = parseNpz(good, "x.npz");
  ASSERT_TRUE(!!tensors);
  ASSERT_EQ(tensors->size(), 1u);
  EXPECT_EQ(tensors->front().name, "first");
  EXPECT_EQ(tensors->front().tensor.getDataAs<int16_t>()[1], -4);
  damage(good, [](StringRef bytes) {
    Expected<std::vector<NamedTensor>> tensors = parseNpz(bytes, "x.npz");
    if (!tensors)
      EXPECT_TRUE(
          StringRef(toString(tensors.takeError())).starts_with("x.npz:"));
  });
}

TEST(Npy, WritesWhatItReads) {
  SmallString<128> folder;
  ASSERT_FALSE(sys::fs::createUniqueDirectory("quanta-npy", folder));
  std::string path = (folder + "/x.npy").str();
  // A column of a matrix: strided, and not row-major.
  std::vector<int16_t> values = {1, 2, 3, 4, 5, 6};
  HostTensor tensor =
      HostTensor::borrow(ElementKind::I16, {3}, {2}, values.data() + 1);
  ASSERT_FALSE(writeNpy(path, tensor));
  Expected<HostTensor> read = readNpy(path);
  ASSERT_TRUE(!!read);
  EXPECT_EQ(read->getShape(), ArrayRef<int64_t>({3}));
  for (int i : {0, 1, 2})
    EXPECT_EQ(read->getDataAs<int16_t>()[i], 2 * i + 2);
  // 4-bit values are written with their sign.
  uint8_t nibbles[] = {0x1, 0xF, 0x8};
  ASSERT_FALSE(
      writeNpy(path, HostTensor::borrow(ElementKind::I4, {3, 1}, nibbles)));
  read = readNpy(path);
  ASSERT_TRUE(!!read);
  EXPECT_EQ(read->getKind(), ElementKind::I8);
  EXPECT_EQ(read->getDataAs<int8_t>()[0], 1);
  EXPECT_EQ(read->getDataAs<int8_t>()[1], -1);
  EXPECT_EQ(read->getDataAs<int8_t>()[2], -8);
  // Nothing but the file is left, and a failure leaves the older file alone.
  unsigned count = 0;
  std::error_code code;
  for (sys::fs::directory_iterator it(folder, code), end; it != end && !code;
       it.increment(code))
    ++count;
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(toString(writeNpy((folder + "/none/x.npy").str(), tensor)),
            ("cannot write " + folder +
             "/none/x.npy: No such file or "
             "directory")
                .str());
  sys::fs::remove_directories(folder);
}

} // namespace
