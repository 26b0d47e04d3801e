/** Ctrl-C: the first asks to stop at the next good moment, the second stops at once. */

/** The exit code of a program ended by an interrupt, as shells know it. */
export const INTERRUPTED = 130

/**
 * Runs work that a signal can end early.
 * @param onInterrupt - called at the first signal
 */
export const interruptible = async <Result>(
  work: (signal: AbortSignal) => Promise<Result>,
  onInterrupt: () => void,
): Promise<Result> => {
  const controller = new AbortController()
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(INTERRUPTED)
    controller.abort()
    onInterrupt()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
}
