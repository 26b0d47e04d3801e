/** `excite quickstart`: the same small network with and without attention, in a minute or two. */

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Run } from '../../runs/launch.ts'
import { shellWord } from '../../text/shell.ts'
import type { Config } from '../../train/config.ts'
import { openSplit } from '../dataOptions.ts'
import { withEngine } from '../engineOption.ts'
import { interruptedCode, interruptible } from '../interrupt.ts'
import { count, duration, percent, printJson, withJson } from '../output.ts'
import { progressLine } from '../progressLine.ts'

const HELP = `
Trains resnet8 and se-resnet8 on shapes: same images, same order, same recipe, same seed.
Leaves two run folders in runs/. Needs no network, and on two cores a minute with oneDNN, a little over
two with ONNX Runtime.`

const SAMPLES = { train: 6000, test: 1000 }
const SIZE = 24
const EPOCHS = 10
const NAMES = ['resnet8', 'se-resnet8']

interface QuickstartFlags {
  readonly engine?: string
  readonly quiet?: boolean
  readonly json?: boolean
}

const run = async ({ engine: wanted, quiet = false, json = false }: QuickstartFlags) => {
  const { RECIPES } = await import('../../train/recipes.ts')
  const { freeFolder } = await import('../../runs/runFolder.ts')
  const { model } = await import('../../models/registry.ts')
  const { summarize } = await import('../../models/summary.ts')
  const { launch } = await import('../../runs/launch.ts')
  const { startLines, trainDisplay } = await import('../trainDisplay.ts')
  const { taskOf } = await import('../../train/taskOf.ts')
  const { openEngine } = await import('../../engines/registry.ts')
  const engine = await openEngine(wanted)
  const started = performance.now()
  const say = progressLine(quiet).line
  say(
    `Two small networks are trained, without attention and with squeeze-and-excitation, on ${count(SAMPLES.train)} painted images, ${EPOCHS} epochs each: a minute on two cores with oneDNN, a little over two with ONNX Runtime. Ctrl-C saves.`,
  )
  if (engine.note !== undefined) say(engine.note)
  const train = await openSplit('shapes', 'train', { samples: SAMPLES, size: SIZE })
  const validation = await openSplit('shapes', 'validation', { samples: SAMPLES, size: SIZE })
  const results: (Omit<Run, 'folder'> & { run: string; model: string; parameters: number })[] = []
  for (const name of NAMES) {
    const config: Config = {
      model: name,
      data: 'shapes',
      samples: SAMPLES,
      size: SIZE,
      seed: 0,
      engine: engine.name,
      threads: availableParallelism(),
      recipe: { ...RECIPES.short, epochs: EPOCHS, batch: 32, labelSmoothing: 0 },
    }
    const display = trainDisplay(quiet, `${name.padStart(10)}  `, validation, taskOf(config))
    const folder = freeFolder(join('runs', `quickstart-${name}`))
    const { folder: run, ...result } = await interruptible(
      signal =>
        launch({
          config,
          folder,
          train,
          validation,
          signal,
          onStart: started =>
            startLines(started, { train, validation, folder }).forEach(display.line),
          onStep: display.step,
          onEpoch: display.epoch,
          onWarning: display.line,
        }),
      () => display.line('stopping after this step'),
    )
    display.clear()
    if (!result.finished) {
      process.exitCode = interruptedCode()
      return display.line(`saved; to go on: excite train --resume ${shellWord(folder)}`)
    }
    results.push({
      model: name,
      parameters: summarize(model(name, { classes: 10 })).parameters,
      run,
      ...result,
    })
  }
  const seconds = (performance.now() - started) / 1000
  if (json) return printJson({ seconds, results })
  const [plain, attended] = results
  const line = ({ model: name, parameters, best }: (typeof results)[number]): string =>
    `  ${name.padEnd(10)}  ${percent(best?.testTop1 ?? 0).padStart(8)}  ${count(parameters)} parameters`
  console.log(`
Right on ${count(SAMPLES.test)} images of shapes that neither network has seen:
${line(plain)}
${line(attended)}  with squeeze-and-excitation
in ${duration(seconds)}; one seed and ${EPOCHS} epochs, so a point or two are chance: excite study shows whether.

${attended.run}/model.onnx runs in any ONNX Runtime. What to type next:
  npx excite predict ${attended.run} --data shapes --index 0,1,2
  npx excite data shapes --sheet shapes.png
  npx excite train gct-resnet8 --data shapes --batch 32
  npx excite train se-resnet20 --data fashion-mnist`)
}

export const quickstartCommand = (): Command =>
  withJson(withEngine(new Command('quickstart')))
    .option('--quiet', 'no progress')
    .addHelpText('after', HELP)
    .action(run)
