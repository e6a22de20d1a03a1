// SPDX-License-Identifier: Apache-2.0
#include "safetensors_format.hpp"

#include <retrace/io/atomic_file.hpp>
#include <retrace/io/safetensors.hpp>
#include <retrace/io/zip.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <tuple>

namespace retrace {

void write_safetensors(std::filesystem::path const& path, std::vector<TensorData> tensors,
                       TensorMetadata metadata) {
  using namespace safetensors;
  std::sort(tensors.begin(), tensors.end(), [](TensorData const& a, TensorData const& b) {
    return std::tuple(item_bytes(b.type), a.name) < std::tuple(item_bytes(a.type), b.name);
  });
  metadata[std::string(sum_key)] = no_sum;
  nlohmann::ordered_json header;
  header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (TensorData const& tensor : tensors) {
    assert(!header.contains(tensor.name));
    header[tensor.name] = {{"dtype", tensor.type},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data are aligned
  assert(text.size() <= longest_header);

  std::uint64_t const length = text.size();
  auto const length_field = std::as_bytes(std::span(&length, 1));
  std::uint32_t crc = zip_crc(zip_crc(0, length_field), std::as_bytes(std::span(text)));
  for (TensorData const& tensor : tensors) crc = zip_crc(crc, tensor.bytes);
  std::string const field = "\"" + std::string(sum_key) + "\":\"";
  text.replace(text.find(field + std::string(no_sum)) + field.size(), no_sum.size(), sum_text(crc));

  AtomicFile file(path);
  file.write(length_field.data(), length_field.size());
  file.write(text.data(), text.size());
  for (TensorData const& tensor : tensors) file.write(tensor.bytes.data(), tensor.bytes.size());
  file.commit();
}

}  // namespace retrace
