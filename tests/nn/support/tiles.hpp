// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network_source.hpp>
#include <retrace/run/lanes.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace retrace::testing {

/// What a tile leaves for every sample.
template <class T>
struct TileResult {
  std::vector<T> y;           ///< [n][d]
  std::vector<T> divergence;  ///< [n]; empty where not asked for
};

enum class Ask { prediction, divergence };

/// Evaluates a network at level 0 of those given on n samples, a tile after the other, in place.
template <class T, int L, class Walk, class Layers>
TileResult<T> on_tiles(Walk const& walk, NetworkTile<T, Layers> const& tile,
                       std::vector<T> const& x, Evaluation<T> const& e, Ask ask) {
  constexpr bool knows_divergence = Layers::knows_derivatives;
  auto const d = static_cast<std::size_t>(tile.dimension()), n = x.size() / d;
  auto const room = [](std::size_t size) {
    return Kokkos::View<T*, Kokkos::HostSpace>("tile", size);  // aligned
  };
  auto const rows = room(d * L), divergence = room(L);
  auto const scratch_size = [&] {
    if constexpr (knows_divergence)
      if (ask == Ask::divergence) return tile.divergence_scratch(L);
    return tile.scratch(L);
  };
  auto const scratch = room(static_cast<std::size_t>(scratch_size()));
  TileResult<T> result{x, std::vector<T>(ask == Ask::divergence ? n : 0)};
  for (std::size_t first = 0; first < n; first += L) {
    for (std::size_t l = 0; l < L; ++l)
      for (std::size_t c = 0; c < d; ++c)
        rows(c * L + l) = first + l < n ? x[(first + l) * d + c] : T(0);
    walk([&](auto const& lanes) {
      if constexpr (knows_divergence)
        if (ask == Ask::divergence)
          return tile.with_divergence(lanes, rows.data(), rows.data(), e, divergence.data(),
                                      scratch.data());
      tile(lanes, rows.data(), rows.data(), e, scratch.data());
    });
    for (std::size_t l = 0; l < L && first + l < n; ++l) {
      for (std::size_t c = 0; c < d; ++c) result.y[(first + l) * d + c] = rows(c * L + l);
      if (ask == Ask::divergence) result.divergence[first + l] = divergence(l);
    }
  }
  return result;
}

/// On a CPU's lanes.
template <class T, class Isa, int L, class Layers>
TileResult<T> on_host_tiles(NetworkTile<T, Layers> const& tile, std::vector<T> const& x,
                            Evaluation<T> const& e, Ask ask) {
  return on_tiles<T, L>([](auto const& use) { use(HostLanes<T, Isa, L>{}); }, tile, x, e, ask);
}

/// A thread of a device's team, on the host.
struct OneOfTeam {
  int rank, size;
  [[nodiscard]] int team_rank() const { return rank; }
  [[nodiscard]] int team_size() const { return size; }
  void team_barrier() const {}
};

/// By a team of three whose threads run one after the other: no one waits for another.
template <class T, int L, class Layers>
TileResult<T> on_team_tiles(NetworkTile<T, Layers> const& tile, std::vector<T> const& x,
                            Evaluation<T> const& e, Ask ask) {
  auto const walk = [](auto const& use) {
    for (int rank = 2; rank >= 0; --rank) {
      OneOfTeam const member{rank, 3};
      use(TeamLanes<T, L, OneOfTeam>{member});
    }
  };
  return on_tiles<T, L>(walk, tile, x, e, ask);
}

}  // namespace retrace::testing
