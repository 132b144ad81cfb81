// In the place of the worker's, for its parts that are tried alone.
#pragma once
#define MS_ERROR(...)
#define MS_WARN_DEV(...)
#define MS_DEBUG_DEV(...)
