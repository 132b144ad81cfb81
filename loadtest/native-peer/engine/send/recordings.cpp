#include "send/recordings.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace weir {
namespace {

std::vector<uint8_t> readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

uint32_t littleEndian(const uint8_t* at, int bytes) {
  uint32_t value = 0;
  for (int each = bytes - 1; each >= 0; --each) value = value << 8 | at[each];
  return value;
}

/** IVF: a header that tells its own length, then frames of 12 bytes and their data. */
VideoLoop readIvf(const std::string& path) {
  const std::vector<uint8_t> file = readFile(path);
  VideoLoop loop;
  if (file.size() < 32) throw std::runtime_error(path + " is no IVF file");
  for (size_t at = littleEndian(&file[6], 2); at + 12 < file.size();) {
    const size_t size = littleEndian(&file[at], 4);
    at += 12;
    if (size == 0 || at + size > file.size()) throw std::runtime_error(path + " is cut off");
    // RFC 6386, 9.1: zero for a keyframe.
    if ((file[at] & 1) == 0) loop.keyframes.push_back(loop.frames.size());
    const auto begin = file.begin() + static_cast<ptrdiff_t>(at);
    loop.frames.emplace_back(begin, begin + static_cast<ptrdiff_t>(size));
    at += size;
  }
  if (loop.keyframes.empty() || loop.keyframes[0] != 0) throw std::runtime_error(path + " does not begin with a keyframe");
  return loop;
}

/** Opus packets of an Ogg file with one stream, without its two headers (RFC 3533, 6; RFC 7845). */
std::vector<Frame> readOggOpus(const std::string& path) {
  constexpr size_t kPageHeader = 27;
  constexpr uint8_t kFullSegment = 255;
  constexpr ptrdiff_t kHeaders = 2;
  const std::vector<uint8_t> file = readFile(path);
  std::vector<Frame> packets;
  Frame begun;
  for (size_t page = 0; page + kPageHeader <= file.size();) {
    const size_t segments = file[page + kPageHeader - 1];
    size_t at = page + kPageHeader + segments;
    for (size_t segment = 0; segment < segments && at <= file.size(); ++segment) {
      const uint8_t size = file[page + kPageHeader + segment];
      if (at + size > file.size()) throw std::runtime_error(path + " is cut off");
      const auto begin = file.begin() + static_cast<ptrdiff_t>(at);
      begun.insert(begun.end(), begin, begin + size);
      at += size;
      if (size == kFullSegment) continue;
      packets.push_back(std::move(begun));
      begun.clear();
    }
    page = at;
  }
  if (packets.size() <= kHeaders) throw std::runtime_error(path + " holds no sound");
  packets.erase(packets.begin(), packets.begin() + kHeaders);
  return packets;
}

}  // namespace

Recordings readRecordings(const std::string& folder) {
  Recordings read;
  for (const char* name : {"q.ivf", "h.ivf", "f.ivf"}) read.simulcast.push_back(readIvf(folder + "/" + name));
  read.light.push_back(readIvf(folder + "/camera-64x64.ivf"));
  read.voice = readOggOpus(folder + "/voice.ogg");
  return read;
}

}  // namespace weir
