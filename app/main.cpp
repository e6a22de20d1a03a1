// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "commands.hpp"
#include "output.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/nearest.hpp>
#include <retrace/core/version.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace retrace::app {
namespace {

struct Command {
  std::string_view name, summary;
  void (*run)(Words const&);
};

constexpr std::array commands{
    Command{"list", "show the SDEs, grids, samplers and targets", list_command},
    Command{"schedule", "show the noise levels of an SDE, at times or on a grid", schedule_command},
    Command{"ddpm", "show the tables of a discrete chain and its posterior", ddpm_command},
    Command{"orders", "measure the orders that samplers claim", orders_command},
    Command{"score", "exact score, divergence, denoised state and log density at points",
            score_command},
    Command{"sample", "run a sampler", sample_command},
    Command{"likelihood", "log density of points by the probability flow, with an error budget",
            likelihood_command},
    Command{"train", "train a score network on a target or a data set", train_command},
    Command{"compare", "compare samplers at equal cost, with a report and pictures",
            compare_command},
};

std::string usage() {
  std::string text =
      "Samplers and solver comparisons for score-based generative models\n"
      "Usage: retrace COMMAND [--option value | --option=value]...\n"
      "       retrace --help | --version\n\n"
      "Commands:\n";
  constexpr std::size_t column = 12;
  for (Command const& command : commands)
    text += "  " + std::string(command.name) + std::string(column - command.name.size(), ' ') +
            std::string(command.summary) + "\n";
  return text +
         "\nA name with options is name:key=value,key=value. `retrace COMMAND --help` tells more.\n"
         "\nExample:\n"
         "  retrace sample --target swiss-roll --sde vp --sampler dpmpp-2m --steps 20 "
         "--out samples.npy\n";
}

void run(Words const& words) {
  constexpr std::array<std::string_view, 2> options{"--help", "--version"};
  std::string const& first = words.front();
  bool const alone = words.size() == 1;
  if (first == "-h" || first == "--help") return print(usage());
  if (first == "--version" && alone) return print("retrace " + std::string(version) + "\n");
  if (first == "--version")
    throw Error(Fault::argument, "unexpected word " + retrace::quoted(words[1]),
                "--version stands alone");
  if (first.starts_with('-')) throw_unknown("option", first, options);
  std::vector<std::string_view> names;
  for (Command const& command : commands) {
    if (command.name == first) return command.run(Words(words.begin() + 1, words.end()));
    names.push_back(command.name);
  }
  throw_unknown("command", first, names);
}

void complain(std::string_view message) {
  // Nothing is left to be done where this fails.
  std::fprintf(stderr, "retrace: error: %s\n", printable(message).c_str());
}

int status_of(Fault fault) {
  constexpr int killed = 128;  // plus the signal, as shells say it
  switch (fault) {
    case Fault::argument:
      return 2;
    case Fault::interrupted:
      return killed + (interrupted() != 0 ? interrupted() : SIGINT);
    default:
      return 1;
  }
}

int guarded_run(Words const& words) {
  try {
    if (words.empty()) {
      std::fputs(usage().c_str(), stderr);
      return 2;
    }
    try {
      run(words);
    } catch (HelpWanted const& help) {
      print(help.text);
    }
    return 0;
  } catch (Error const& error) {
    complain(error.what());
    return status_of(error.fault());
  } catch (std::bad_alloc const&) {
    complain("out of memory; the machine has no more to give; ask for less at a time");
  } catch (std::exception const& error) {
    complain(error.what());
  }
  return 1;
}

}  // namespace
}  // namespace retrace::app

int main(int argc, char** argv) {
  retrace::catch_interrupts();
  // A reader that goes away is an error of write(), reported like any other.
  std::signal(SIGPIPE, SIG_IGN);
  return retrace::app::guarded_run({argv + std::min(argc, 1), argv + argc});
}
