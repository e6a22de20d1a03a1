// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/odeint/sample.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/network_executor.hpp>
#include <retrace/run/sde_steps.hpp>
#include <retrace/samplers/adaptive_sde.hpp>
#include <retrace/samplers/embedded_pair.hpp>

#include <string>
#include <utility>

namespace retrace {
namespace {

/// A start in T, for an engine that computes in double.
template <class T>
Start<double> widened(Start<T> start) {
  return [start = std::move(start)](std::uint64_t first, Batch<double> x) {
    Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space> const narrow(
        "retrace::start", x.extent(0), x.extent(1));
    start(first, narrow);
    Kokkos::deep_copy(x, narrow);
  };
}

template <class T>
AdaptiveSamples<T> narrowed(AdaptiveSamples<double> run) {
  HostArray<T> x("retrace::samples", run.x.extent(0), run.x.extent(1));
  Kokkos::deep_copy(x, run.x);
  return {.x = x,
          .t = std::move(run.t),
          .evaluations = std::move(run.evaluations),
          .steps = std::move(run.steps),
          .rejections = std::move(run.rejections),
          .draws = std::move(run.draws),
          .outcomes = std::move(run.outcomes),
          .tolerance = run.tolerance,
          .seed = run.seed,
          .seconds = run.seconds};
}

Grid ends_grid(Sde const& sde, Span span) {
  Ends const ends = ends_of(sde, span);
  return {sde, {ends.from, ends.to}};
}

template <class T>
Start<T> start_of(Target const& target, Sde const& sde, Span span,
                  AdaptiveOptions<T> const& options) {
  return options.start ? *options.start
                       : default_start<T>(target, ends_grid(sde, span), options.seed);
}

template <class T>
Start<T> start_of(Sde const& sde, Span span, AdaptiveOptions<T> const& options) {
  return options.start ? *options.start : default_start<T>(ends_grid(sde, span), options.seed);
}

template <class T>
AdaptiveSamples<T> on_host(HostModel const& model, Start<T> const& start, std::string_view sampler,
                           Sde const& sde, Span span, AdaptiveOptions<T> const& options) {
  if (sampler == adaptive_sde::info.name)
    return narrowed<T>(sde_sample(model, sde, span, widened(start),
                                  {.samples = options.samples,
                                   .seed = options.seed,
                                   .first_sample = options.first_sample,
                                   .tolerance = options.tolerance,
                                   .max_evaluations = options.max_evaluations}));
  std::string const name(sampler == rk45::info.name ? dopri5::info.name : sampler);
  return narrowed<T>(odeint_sample(model, sde, odeint_stepper(name), span, widened(start),
                                   {.samples = options.samples,
                                    .seed = options.seed,
                                    .first_sample = options.first_sample,
                                    .tolerance = options.tolerance,
                                    .max_evaluations = options.max_evaluations}));
}

}  // namespace

template <class T>
void AdaptiveOptions<T>::check() const {
  tolerance.check();
  if (max_evaluations < 1)
    throw Error(Fault::argument,
                "the largest number of evaluations cannot be " + std::to_string(max_evaluations),
                "it takes a number of 1 or more");
}
template void AdaptiveOptions<float>::check() const;
template void AdaptiveOptions<double>::check() const;

std::optional<StepProgram> step_program_of(std::string_view sampler) {
  if (sampler == dopri5::info.name || sampler == rk45::info.name)
    return step_program(dopri5::tableau);
  if (sampler == tsit5::info.name) return step_program(tsit5::tableau);
  if (sampler == cash_karp54::info.name) return step_program(cash_karp54::tableau);
  if (sampler == fehlberg78::info.name) return step_program(fehlberg78::tableau);
  return {};
}

template <class T>
AdaptiveSamples<T> adaptive_sample(Target const& target, std::string_view sampler, Sde const& sde,
                                   Span span, AdaptiveOptions<T> const& options) {
  auto const step = step_program_of(sampler);
  if (Mixture const* const mixture = target.mixture(); mixture != nullptr && step)
    return adaptive_sample(*adaptive_executor<T>(*mixture), start_of(target, sde, span, options),
                           *step, sde, span, options);
  return on_host(host_model(target), start_of(target, sde, span, options), sampler, sde, span,
                 options);
}

template <class T>
AdaptiveSamples<T> adaptive_sample(SpoiledTarget const& target, std::string_view sampler,
                                   Sde const& sde, Span span, AdaptiveOptions<T> const& options) {
  return on_host(host_model(target), start_of(target.target, sde, span, options), sampler, sde,
                 span, options);
}

template <class T>
AdaptiveSamples<T> adaptive_sample(HostModel const& model, std::string_view sampler, Sde const& sde,
                                   Span span, AdaptiveOptions<T> const& options) {
  return on_host(model, start_of(sde, span, options), sampler, sde, span, options);
}

namespace {

template <class T, class Net>
AdaptiveSamples<T> sample_network(Net const& network, std::string_view sampler, Sde const& sde,
                                  Span span, AdaptiveOptions<T> const& options) {
  auto const step = step_program_of(sampler);
  if (step && runs_adaptively_in_kernels(sde, span))
    return adaptive_sample(*adaptive_executor<T>(network, sde, span), start_of(sde, span, options),
                           *step, sde, span, options);
  return adaptive_sample(host_model(network), sampler, sde, span, options);
}

}  // namespace

template <class T>
AdaptiveSamples<T> adaptive_sample(Network const& network, std::string_view sampler, Sde const& sde,
                                   Span span, AdaptiveOptions<T> const& options) {
  return sample_network(network, sampler, sde, span, options);
}
template <class T>
AdaptiveSamples<T> adaptive_sample(GuidedNetwork const& network, std::string_view sampler,
                                   Sde const& sde, Span span, AdaptiveOptions<T> const& options) {
  return sample_network(network, sampler, sde, span, options);
}

template AdaptiveSamples<float> adaptive_sample(Target const&, std::string_view, Sde const&, Span,
                                                AdaptiveOptions<float> const&);
template AdaptiveSamples<double> adaptive_sample(Target const&, std::string_view, Sde const&, Span,
                                                 AdaptiveOptions<double> const&);
template AdaptiveSamples<float> adaptive_sample(SpoiledTarget const&, std::string_view, Sde const&,
                                                Span, AdaptiveOptions<float> const&);
template AdaptiveSamples<double> adaptive_sample(SpoiledTarget const&, std::string_view, Sde const&,
                                                 Span, AdaptiveOptions<double> const&);
template AdaptiveSamples<float> adaptive_sample(Network const&, std::string_view, Sde const&, Span,
                                                AdaptiveOptions<float> const&);
template AdaptiveSamples<double> adaptive_sample(Network const&, std::string_view, Sde const&, Span,
                                                 AdaptiveOptions<double> const&);
template AdaptiveSamples<float> adaptive_sample(GuidedNetwork const&, std::string_view, Sde const&,
                                                Span, AdaptiveOptions<float> const&);
template AdaptiveSamples<double> adaptive_sample(GuidedNetwork const&, std::string_view, Sde const&,
                                                 Span, AdaptiveOptions<double> const&);
template AdaptiveSamples<float> adaptive_sample(HostModel const&, std::string_view, Sde const&,
                                                Span, AdaptiveOptions<float> const&);
template AdaptiveSamples<double> adaptive_sample(HostModel const&, std::string_view, Sde const&,
                                                 Span, AdaptiveOptions<double> const&);

}  // namespace retrace
