// SPDX-License-Identifier: Apache-2.0

// Compiled for CUDA by scripts/check-cuda, which looks at what ptxas says: the interpreter with the
// mixture inside, for every precision, dimension case and shape of covariance, with fixed and with
// adaptive steps, with a score network inside, and the launches between evaluations of a batched
// run. It is never linked; it guards the wall between host and device code.
#include <retrace/nn/bf16_layers.hpp>
#include <retrace/nn/network_tile.hpp>
#include <retrace/run/adaptive_tiles.hpp>
#include <retrace/run/loaded.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/run/trajectories.hpp>
#include <retrace/targets/angle_mixture_tile.hpp>
#include <retrace/targets/mixture_tile.hpp>

namespace retrace {

template <class T, int Dim, CovarianceShape shape>
using Fused =
    Trajectories<Kokkos::Cuda, MixtureTile<T, Dim, shape>, 128, simd::Scalar, Registers::scratch>;

template <class T, int Dim>
using Spoiled =
    Trajectories<Kokkos::Cuda, SpoiledTile<T, MixtureTile<T, Dim, CovarianceShape::isotropic>>, 128,
                 simd::Scalar, Registers::scratch>;

template <class T, int Dim, CovarianceShape shape>
using Adaptive = AdaptiveTiles<Kokkos::Cuda, AngleMixtureTile<T, Dim, shape>, 64, simd::Scalar>;

template <class T>
using Perceptron = Trajectories<Kokkos::Cuda, NetworkTile<T>, 96, simd::Scalar, Registers::scratch>;

using RoundedPerceptron = Trajectories<Kokkos::Cuda, NetworkTile<float, Bf16Layers>, 96,
                                       simd::Scalar, Registers::scratch>;

/// The divergence alone, of one tile.
template <class T>
struct Divergence {
  using Member = typename Kokkos::TeamPolicy<Kokkos::Cuda>::member_type;
  NetworkTile<T> tile;
  T *x, *divergence, *scratch;
  KOKKOS_FUNCTION void operator()(Member const& team) const {
    tile.with_divergence(TeamLanes<T, 96, Member>{team}, x, x, {0, 0, T(0), T(1)}, divergence,
                         scratch);
  }
  void launch(Kokkos::Cuda const& exec, char const* label) const {
    Kokkos::parallel_for(label, Kokkos::TeamPolicy<Kokkos::Cuda>(exec, 1, 96), *this);
  }
};

template <class Kernel>
void launch(Kernel const& kernel) {
  kernel.launch(Kokkos::Cuda(), "retrace::check");
}

template void launch(Fused<float, 1, CovarianceShape::isotropic> const&);
template void launch(Fused<float, 2, CovarianceShape::isotropic> const&);
template void launch(Fused<float, 3, CovarianceShape::isotropic> const&);
template void launch(Fused<float, 0, CovarianceShape::isotropic> const&);
template void launch(Fused<double, 2, CovarianceShape::isotropic> const&);
template void launch(Fused<float, 2, CovarianceShape::full> const&);
template void launch(Fused<double, 2, CovarianceShape::full> const&);
template void launch(Fused<float, 0, CovarianceShape::full> const&);
template void launch(Spoiled<float, 2> const&);
template void launch(Spoiled<double, 0> const&);
template void launch(Perceptron<float> const&);
template void launch(RoundedPerceptron const&);
template void launch(Perceptron<double> const&);
template void launch(Divergence<float> const&);
template void launch(Divergence<double> const&);
template void launch(Adaptive<float, 2, CovarianceShape::isotropic> const&);
template void launch(Adaptive<double, 2, CovarianceShape::isotropic> const&);
template void launch(Adaptive<float, 0, CovarianceShape::isotropic> const&);
template void launch(Adaptive<float, 2, CovarianceShape::full> const&);
template void launch(Adaptive<double, 0, CovarianceShape::full> const&);

}  // namespace retrace
