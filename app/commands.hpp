// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "words.hpp"

namespace retrace::app {

// Each runs one command to its end. What goes wrong is thrown: Error decides the exit status, and
// HelpWanted carries the text that --help asks for.

void list_command(Words const& words);
void schedule_command(Words const& words);
void ddpm_command(Words const& words);
void orders_command(Words const& words);
void score_command(Words const& words);
void sample_command(Words const& words);
void likelihood_command(Words const& words);
void train_command(Words const& words);
void compare_command(Words const& words);

}  // namespace retrace::app
