#include "commands.hpp"
namespace retrace::app { void compare_command(Words const&) {} }
