/**
 * Ends the process, with `process.exitCode`. The peers' library has threads that would keep it, and its own `cleanup()` closes
 * channels that JavaScript has let go of once more, and crashes.
 */
export function endWithPeerLibrary(): never {
  process.exit();
}
