/**
 * Ctrl-C, SIGTERM, and the end of a process that started this one as its worker: the first asks to
 * stop at the next good moment, the second stops at once.
 */

/** Exit codes of a program ended by a signal, as shells know them: 128 and the signal's number. */
const CODES = { SIGINT: 130, SIGTERM: 143 }

let code = CODES.SIGINT

/** The exit code after work that a signal ended early. */
export const interruptedCode = (): number => code

/**
 * Runs work that a signal can end early.
 * @param onInterrupt - called at the first signal
 */
export const interruptible = async <Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  onInterrupt: () => void,
): Promise<Result> => {
  const controller = new AbortController()
  const interrupt = (signal: NodeJS.Signals): void => {
    code = CODES[signal as keyof typeof CODES]
    if (controller.signal.aborted) process.exit(code)
    controller.abort()
    onInterrupt()
  }
  const orphaned = (): void => interrupt('SIGTERM')
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  process.on('disconnect', orphaned)
  // False where the parent opened a channel, and ended before anyone listened.
  if (process.connected === false) orphaned()
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
    process.off('disconnect', orphaned)
  }
}
