// SPDX-License-Identifier: Apache-2.0
#include "support/paired.hpp"

#include "support/registration.hpp"

#include <retrace/core/batch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace retrace::benchmarks {
namespace {

/// Processor time of all threads of the pool. Each reads its own clock: what a thread reads of
/// another that is running may be old by as much as a tick of the system, several milliseconds.
double cpu_time(Threads threads) {
  if (threads == Threads::one) return now(Threads::one);
  double sum = 0;
#pragma omp parallel reduction(+ : sum)
  sum += now(Threads::one);
  return sum;
}

/// One repetition; times are those of a unit.
struct Timing {
  double seconds, flops, cycles;
  double processors;  ///< share of its processors that the process had, peaks included
};

Timing time(Work const& work, Threads threads) {
  if (work.prepare) work.prepare();
  double const wall_before = now(Threads::all), cpu_before = cpu_time(threads);
  double const peak_before = work.peak(threads);
  double const start = now(threads);
  run_on(threads, work.run);
  double const seconds = now(threads) - start;
  double const peak = (peak_before + work.peak(threads)) / 2;
  double const cpu = cpu_time(threads) - cpu_before, wall = now(Threads::all) - wall_before;
  double const processors = threads == Threads::one ? 1 : Execution().concurrency();
  return {.seconds = seconds / work.units,
          .flops = seconds * peak / work.units,
          .cycles = seconds * clock_rate() / work.units,
          .processors = cpu / (wall * processors)};
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  double const at = q * static_cast<double>(values.size() - 1);
  auto const below = static_cast<std::size_t>(at);
  std::size_t const above = std::min(below + 1, values.size() - 1);
  return std::lerp(values[below], values[above], at - static_cast<double>(below));
}

template <class Item, class Figure>
std::vector<double> each(std::vector<Item> const& items, Figure const& figure) {
  std::vector<double> values;
  for (Item const& item : items) values.push_back(figure(item));
  return values;
}

template <class Item, class Figure>
double median(std::vector<Item> const& items, Figure const& figure) {
  return quantile(each(items, figure), 0.5);
}

/// Does something in every repetition; it returns what it timed. Once before, to warm up.
template <class F>
auto repeat(F const& once) {
  if (!effort().dry_run) static_cast<void>(once());
  std::vector<decltype(once())> results;
  for (int i = 0; i < effort().repetitions; ++i) results.push_back(once());
  return results;
}

void report(benchmark::State& state, std::vector<Timing> const& timings) {
  double const seconds = median(timings, [](Timing const& t) { return t.seconds; });
  state.counters["ns"] = 1e9 * seconds;
  if (on_host) {
    auto const flops = each(timings, [](Timing const& t) { return t.flops; });
    double const middle = quantile(flops, 0.5);
    state.counters["flops_at_peak"] = middle;
    state.counters["spread_percent"] =
        100 * (quantile(flops, 0.75) - quantile(flops, 0.25)) / middle;
  }
  for ([[maybe_unused]] auto iteration : state) state.SetIterationTime(seconds);
}

struct Pair {
  Timing work, reference;
};

/// Of the time of the reference over that of the work.
double median_ratio(std::vector<Pair> const& pairs) {
  return median(pairs, [](Pair const& p) { return p.reference.seconds / p.work.seconds; });
}

std::vector<Timing> works(std::vector<Pair> const& pairs) {
  std::vector<Timing> timings;
  for (Pair const& pair : pairs) timings.push_back(pair.work);
  return timings;
}

}  // namespace

void measure(benchmark::State& state, Work const& work) {
  report(state, repeat([&] { return time(work, Threads::one); }));
}

void measure_cycles(benchmark::State& state, Work const& work) {
  auto const timings = repeat([&] { return time(work, Threads::one); });
  state.counters["cycles"] = median(timings, [](Timing const& t) { return t.cycles; });
  report(state, timings);
}

void compare(benchmark::State& state, Work const& work, Work const& reference,
             std::string const& name) {
  auto const pairs = repeat([&] {
    return Pair{.work = time(work, Threads::one), .reference = time(reference, Threads::one)};
  });
  state.counters[name] = 1 / median_ratio(pairs);
  report(state, works(pairs));
}

void measure_speedup(benchmark::State& state, Work const& work) {
  auto pairs = repeat([&] {
    return Pair{.work = time(work, Threads::all), .reference = time(work, Threads::one)};
  });
  std::sort(pairs.begin(), pairs.end(),
            [](Pair const& a, Pair const& b) { return a.work.processors > b.work.processors; });
  pairs.resize((pairs.size() + 3) / 4);
  auto const timings = works(pairs);
  state.counters["speedup"] = median_ratio(pairs);
  state.counters["processors"] = median(timings, [](Timing const& t) { return t.processors; });
  report(state, timings);
}

}  // namespace retrace::benchmarks
