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

double concurrency() { return static_cast<double>(Execution().concurrency()); }

/// One repetition; times are those of a unit.
struct Timing {
  double seconds, flops, cycles;
  double cpu_seconds;  ///< of all threads of the process
  double processors;   ///< share of its processors that the process had, peaks included
};

Timing time(Work const& work) {
  Threads const threads = work.threads;
  if (work.prepare) work.prepare();
  double const wall_before = now(Threads::all), cpu_before = cpu_time(threads);
  double const peak_before = work.peak(threads);
  double const cpu_start = cpu_time(threads), start = now(threads);
  run_on(threads, work.run);
  double const seconds = now(threads) - start, cpu = cpu_time(threads) - cpu_start;
  double const peak = (peak_before + work.peak(threads)) / 2;
  double const cpu_all = cpu_time(threads) - cpu_before, wall = now(Threads::all) - wall_before;
  return {.seconds = seconds / work.units,
          .flops = seconds * peak / work.units,
          .cycles = seconds * clock_rate() / work.units,
          .cpu_seconds = cpu / work.units,
          .processors = cpu_all / (wall * (threads == Threads::all ? concurrency() : 1.0))};
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

/// Leaves the repetitions that other programs disturbed least. One thread is timed by its own
/// clock, which does not see them.
void keep_undisturbed(std::vector<Timing>& timings) {
  std::sort(timings.begin(), timings.end(),
            [](Timing const& a, Timing const& b) { return a.processors > b.processors; });
  timings.resize((timings.size() + 3) / 4);
}

void report(benchmark::State& state, Work const& work, std::vector<Timing> timings) {
  if (work.threads == Threads::all) {
    keep_undisturbed(timings);
    state.counters["processors"] = median(timings, [](Timing const& t) { return t.processors; });
  }
  double const seconds = median(timings, [](Timing const& t) { return t.seconds; });
  auto const flops = each(timings, [](Timing const& t) { return t.flops; });
  double const middle = quantile(flops, 0.5);
  state.counters["ns"] = 1e9 * seconds;
  state.counters["flops_at_peak"] = middle;
  state.counters["spread_percent"] = 100 * (quantile(flops, 0.75) - quantile(flops, 0.25)) / middle;
  for ([[maybe_unused]] auto iteration : state) state.SetIterationTime(seconds);
}

struct Pair {
  Timing work, reference;
};

std::vector<Timing> works(std::vector<Pair> const& pairs) {
  std::vector<Timing> timings;
  for (Pair const& pair : pairs) timings.push_back(pair.work);
  return timings;
}

}  // namespace

void measure(benchmark::State& state, Work const& work) {
  report(state, work, repeat([&] { return time(work); }));
}

void measure_cycles(benchmark::State& state, Work const& work) {
  auto const timings = repeat([&] { return time(work); });
  state.counters["cycles"] = median(timings, [](Timing const& t) { return t.cycles; });
  report(state, work, timings);
}

void compare(benchmark::State& state, Work const& work, Work const& reference,
             std::string const& name) {
  auto const pairs = repeat([&] { return Pair{.work = time(work), .reference = time(reference)}; });
  state.counters[name] =
      median(pairs, [](Pair const& p) { return p.work.seconds / p.reference.seconds; });
  report(state, work, works(pairs));
}

void measure_speedup(benchmark::State& state, Work const& work) {
  Work one = work, all = work;
  one.threads = Threads::one;
  all.threads = Threads::all;
  auto pairs = repeat([&] { return Pair{.work = time(all), .reference = time(one)}; });
  state.counters["speedup_cpu_time"] = median(pairs, [](Pair const& p) {
    return concurrency() * p.reference.cpu_seconds / p.work.cpu_seconds;
  });
  std::sort(pairs.begin(), pairs.end(),
            [](Pair const& a, Pair const& b) { return a.work.processors > b.work.processors; });
  auto const timings = works(pairs);
  pairs.resize((pairs.size() + 3) / 4);
  state.counters["speedup"] =
      median(pairs, [](Pair const& p) { return p.reference.seconds / p.work.seconds; });
  report(state, all, timings);
}

}  // namespace retrace::benchmarks
