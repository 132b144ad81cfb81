/** What the command ends with. */
export const EXIT = {
  /** The run said what it was made to say: all steps were held, or the number at which it fails was found. */
  ok: 0,
  /** The run could not be made, or could not go on. */
  failed: 1,
  /** The command line, the scenario or another file is wrong: to start again unchanged is useless. */
  usage: 2,
  /** The first step failed already: the focus did not hold what was asked for. */
  notHeld: 3,
  /** The tester itself was the limit: the run says nothing about the focus. */
  void: 4,
  /** Ctrl-C; as shells count. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
