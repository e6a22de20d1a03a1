// SPDX-License-Identifier: Apache-2.0
#include "support/registration.hpp"
#include "support/table.hpp"

#include <retrace/core/batch.hpp>
#include <retrace/core/options.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/core/simd.hpp>

#include <algorithm>
#include <exception>
#include <iostream>
#include <string_view>
#include <utility>
#include <vector>

#ifndef RETRACE_COMMIT
#define RETRACE_COMMIT "unknown"
#endif

namespace retrace::benchmarks {
namespace {

Effort chosen;

/// Takes what is ours off the command line; the rest is for Google Benchmark.
void read_arguments(std::vector<char*>& words) {
  std::string_view const repetitions = "--repetitions=";
  auto const ours = [&](std::string_view word) {
    if (word == "--dry-run")
      chosen = {.repetitions = 1, .dry_run = true};
    else if (word.starts_with(repetitions))
      chosen.repetitions = static_cast<int>(
          parse_integer("--repetitions", word.substr(repetitions.size()), 1, 10'000));
    else
      return false;
    return true;
  };
  words.erase(std::remove_if(words.begin() + 1, words.end(), ours), words.end());
}

/// What the figures belong to, for the JSON and above the table.
void add_context(std::vector<char*> const& words, int threads) {
  auto const say = [](std::string const& key, std::string const& value) {
    benchmark::AddCustomContext(key, value);
    std::cout << key << " " << value << "   ";
  };
  bool const has_commit = std::any_of(words.begin(), words.end(), [](std::string_view word) {
    return word.starts_with("--benchmark_context=") && word.find("commit=") != word.npos;
  });
  if (!has_commit) say("commit", RETRACE_COMMIT);
  say("backend", Execution::name());
  say("simd_width", std::to_string(simd::width<simd::pack<float, simd::Native>>));
  say("threads", std::to_string(threads));
  say("repetitions", std::to_string(chosen.repetitions));
  std::cout << '\n';
}

}  // namespace

Effort const& effort() { return chosen; }

void add(std::string const& name, std::function<void(benchmark::State&)> run) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(run))->Iterations(1)->UseManualTime();
}

}  // namespace retrace::benchmarks

int main(int argc, char** argv) {
  using namespace retrace::benchmarks;
  try {
    retrace::Runtime const runtime;
    std::vector<char*> words(argv, argv + argc);
    read_arguments(words);
    add_context(words, runtime.threads());
    int count = static_cast<int>(words.size());
    words.push_back(nullptr);
    benchmark::Initialize(&count, words.data());
    if (benchmark::ReportUnrecognizedArguments(count, words.data())) return 2;
    register_benchmarks();
    Table table;
    benchmark::RunSpecifiedBenchmarks(&table);
    benchmark::Shutdown();
    return 0;
  } catch (std::exception const& error) {
    std::cerr << "error: " << error.what() << '\n';
    return 1;
  }
}
