/** `load-peers --self-test`: whether what others must understand is written as their documents say. */
#pragma once

namespace weir {

/** Gives the number of what is wrong; says which on the standard error. */
int selfTest();

}  // namespace weir
