// SPDX-License-Identifier: Apache-2.0
// CUDA 13 changed two functions that Kokkos 4.7.00 calls by their old signatures (4.7.01 and newer
// do not). Force-included into CUDA builds with that version, it gives the old signatures back.
#pragma once

#include <cuda_runtime.h>

#if CUDART_VERSION >= 13000

inline cudaError_t cudaMemPrefetchAsync(void const* pointer, size_t bytes, int device,
                                        cudaStream_t stream) {
  bool const to_host = device == cudaCpuDeviceId;
  cudaMemLocation location{};
  location.type = to_host ? cudaMemLocationTypeHost : cudaMemLocationTypeDevice;
  location.id = to_host ? 0 : device;
  unsigned int const no_flags = 0;
  return cudaMemPrefetchAsync(pointer, bytes, location, no_flags, stream);
}

inline cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, cudaGraphNode_t const* from,
                                            cudaGraphNode_t const* to, size_t count) {
  cudaGraphEdgeData const* const plain_edges = nullptr;
  return cudaGraphAddDependencies(graph, from, to, plain_edges, count);
}

#endif
