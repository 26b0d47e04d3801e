/** `excite ui`: the page, with the runs of a folder beside it. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Command } from 'commander'
import { UsageError } from '../../errors/index.ts'
import { whole } from '../dataOptions.ts'
import { interruptible } from '../interrupt.ts'

const HELP = `
Examples:
  $ excite ui                       the runs in runs/, in your browser
  $ excite ui studies/se-reduction --port 8765 --no-open

The page lists the runs, draws their curves as they are trained, and stops, resumes, exports and
deletes them. It is served to this machine alone, and its address holds a token: keep it to yourself.
Ctrl-C ends the server; trainings go on.

--host NAME serves it to others too, under that name or address of this machine. They need the token,
which goes over the network as it is: use a network that you trust, or ssh -L instead.`

const RUNS = 'runs'

interface UiFlags {
  readonly port?: number
  readonly host?: string
  readonly open: boolean
}

const OPENERS: Partial<Record<NodeJS.Platform, readonly [program: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['explorer'],
}

/** Opens an address in the user's browser; where there is none, the address that is printed has to do. */
const openInBrowser = (url: string): void => {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  spawn(program, [...args, url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
}

const run = async (given: string | undefined, { port, host, open }: UiFlags): Promise<void> => {
  const folder = given ?? RUNS
  if (given === undefined && !existsSync(RUNS)) {
    const { makeFolder } = await import('../../platform/node/files.ts')
    await makeFolder(RUNS)
  }
  if (!existsSync(folder))
    throw new UsageError({
      where: 'excite ui',
      expected: 'the folder of runs',
      got: `${folder}, which is not there`,
    })
  const { openUi } = await import('../../ui/server.ts')
  const excite = [process.execPath, ...process.execArgv, process.argv[1]] as const
  const ui = await openUi({ folder, excite, port, host })
  if (host !== undefined)
    console.error(
      `excite: whoever reaches ${host} and knows the token can stop and delete the runs in ${folder}`,
    )
  console.log(`${folder}: ${ui.url}`)
  if (open) openInBrowser(ui.url)
  await interruptible(
    signal =>
      new Promise<void>(resolve => {
        signal.addEventListener('abort', () => resolve())
      }),
    () => {},
  )
  await ui.close()
}

export const uiCommand = (): Command =>
  new Command('ui')
    .argument('[runs]', 'the folder of runs, or one run (default: runs)')
    .option('--port <n>', 'the port (default: a free one)', whole('--port', 0, 65_535))
    .option('--host <name>', 'serve others too, under this name or address of the machine')
    .option('--no-open', 'print the address, and open no browser')
    .addHelpText('after', HELP)
    .action(run)
