// How the worker's parts are tried: what has to hold, and cases by their names.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#define CHECK(condition)                                                         \
	do                                                                             \
	{                                                                              \
		if (!(condition))                                                            \
		{                                                                            \
			std::fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition); \
			std::exit(1);                                                              \
		}                                                                            \
	} while (false)

using Cases = std::map<std::string, std::function<void()>>;

// `--list` names the cases, `<case>` runs one; a name that is none ends the program with a message.
inline int RunCase(const Cases& cases, int argc, char** argv)
{
	const std::string name = argc > 1 ? argv[1] : "--list";

	if (name == "--list")
	{
		for (const auto& [listed, run] : cases)
		{
			std::puts(listed.c_str());
		}

		return 0;
	}

	cases.at(name)();

	return 0;
}
