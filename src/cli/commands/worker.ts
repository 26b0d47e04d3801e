/** `excite worker`: trains runs of studies that other machines have put into a queue. */

import { join } from 'node:path'
import { Command } from 'commander'
import { path, whole } from '../dataOptions.ts'
import { interruptedCode, interruptible } from '../interrupt.ts'
import { progressLine } from '../progressLine.ts'
import { openQueue } from '../queueOption.ts'

const HELP = `
Examples:
  $ excite study versus --model resnet20 --data fashion-mnist --seeds 5 --queue redis://node1
  $ excite worker redis://node1                         on as many machines as there are
  $ EXCITE_QUEUE=rediss://me:secret@node1 excite worker

A worker trains one run at a time. SIGTERM or Ctrl-C: the run saves, and another worker goes on with
it. So it does where a worker is killed or cut off, after --lease seconds; from its checkpoint where
both see the folder of the study, and from the beginning where they do not.`

interface WorkerFlags {
  readonly out: string
  readonly cacheDir?: string
  readonly lease: number
  readonly quiet?: boolean
}

const run = async (url: string | undefined, flags: WorkerFlags): Promise<void> => {
  const { work } = await import('../../studies/queue/worker.ts')
  const address = await openQueue(url)
  const { line, update, clear } = progressLine(flags.quiet)
  line(`takes runs from ${address.shown}`)
  await interruptible(
    signal =>
      work(address, {
        ...flags,
        signal,
        onLine: (run, text) => update(`${run}: ${text.replace(/\s+/g, ' ')}`),
        onNote: line,
      }),
    () => line('the run under way saves and is given back; Ctrl-C again to leave at once'),
  )
  clear()
  // Not left to the event loop: connections that nobody answers would keep it.
  process.exit(interruptedCode())
}

export const workerCommand = (): Command =>
  new Command('worker')
    .description('train runs of studies from a queue')
    .argument('[url]', 'of a Redis or Valkey server (default: EXCITE_QUEUE)')
    .option(
      '--out <folder>',
      'runs whose own folder is not seen here',
      path('--out'),
      join('runs', 'queue'),
    )
    .option('--cache-dir <folder>', 'of downloads', path('--cache-dir'))
    .option(
      '--lease <seconds>',
      'without a sign of this worker for so long, another takes its run',
      whole('--lease', 2),
      30,
    )
    .option('--quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run)
