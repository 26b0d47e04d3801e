/** `excite summary`: a network layer by layer. */

import { Command } from 'commander'
import { formatShape, UsageError } from '../../errors/index.ts'
import type { Shape } from '../../graph/index.ts'
import type { Model } from '../../models/registry.ts'
import { whole } from '../dataOptions.ts'
import { type ModelFlags, withModelOptions } from '../modelOptions.ts'
import { count, multiplyAdds, printJson, table, withJson } from '../output.ts'

const HELP = `
Examples:
  $ excite summary se-resnet50
  $ excite summary resnet50 --attention gct:at=standard --depth 2
  $ excite summary se-resnet20 --channels 1 --size 28 --json
  $ excite summary resnet50 --stem deep --pooling ceil --depth 1
  $ excite summary sknet50 --lowerings     how the ONNX engine computes its gradients
  $ excite summary se-resnet50 --kernels --batch 64     a training step on a GPU
  $ excite summary se-resnet50 --kernels --inference

Counted from the graph of one image. Multiply-adds are those of convolutions and fully
connected layers; one multiply-add counts one. Parameters are what is learned: running
statistics are listed apart.`

interface SummaryFlags extends ModelFlags {
  readonly classes?: number
  readonly channels?: number
  readonly size?: number
  readonly depth?: number
  readonly lowerings?: boolean
  readonly kernels?: boolean
  readonly inference?: boolean
  readonly batch?: number
  readonly json?: boolean
}

/** The forms of convolutions' gradients in a training step of the ONNX engine. */
const showLowerings = async ({ network }: Model, images: Shape, json: boolean): Promise<void> => {
  const { describeLowerings } = await import('../../onnx/lower/convolution/explain.ts')
  const { sgd } = await import('../../train/optimizers.ts')
  const { trainingStep } = await import('../../train/step.ts')
  const rows = describeLowerings(trainingStep({ network, images, optimizer: sgd() }).graph)
  if (json) return printJson(rows)
  console.log(
    table(
      ['layer', 'gradient', 'input', 'weight', 'form'].map(heading => ({ heading })),
      rows.map(({ path, gradient, input, weight, describe }) => [
        path,
        gradient,
        formatShape(input),
        formatShape(weight),
        describe,
      ]),
    ),
  )
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`

/** What of a network a GPU computes at once. */
const showKernels = async (
  { network }: Model,
  images: Shape,
  { inference = false, json = false }: SummaryFlags,
): Promise<void> => {
  const { describeKernels } = await import('../../engines/kernels/describe.ts')
  const { group } = await import('../../engines/kernels/group.ts')
  const { conditionalState } = await import('../../passes/conditionalState.ts')
  const { sgd } = await import('../../train/optimizers.ts')
  const { inferenceStep, trainingStep } = await import('../../train/step.ts')
  const step = inference ? undefined : trainingStep({ network, images, optimizer: sgd() })
  const graph = step
    ? conditionalState(step.graph, step.state).graph
    : inferenceStep(network, images)
  const rows = describeKernels(group(graph, { channelsLast: true }))
  const total = (field: 'read' | 'written'): number =>
    rows.reduce((sum, row) => sum + row[field], 0)
  const library = rows.filter(({ kind }) => kind === 'library').length
  const totals = { steps: rows.length, library, read: total('read'), written: total('written') }
  if (json) return printJson({ ...totals, kernels: rows })
  console.log(
    table(
      [
        { heading: 'layers' },
        { heading: 'kind' },
        { heading: 'operations' },
        { heading: 'domain' },
        { heading: 'read', right: true },
        { heading: 'written', right: true },
      ],
      rows.map(({ paths, kind, operations, domain, read, written }) => [
        paths.length > 2 ? `${paths[0]} and ${paths.length - 1} others` : paths.join(', '),
        kind,
        operations.join(' '),
        domain,
        megabytes(read),
        megabytes(written),
      ]),
    ),
  )
  console.log(`
${rows.length - library} kernels and ${library} convolutions and matrix products
read     ${megabytes(totals.read)}
written  ${megabytes(totals.written)}`)
}

const run = async (name: string, flags: SummaryFlags): Promise<void> => {
  const { model } = await import('../../models/registry.ts')
  const { summarize } = await import('../../models/summary.ts')
  const {
    size,
    depth,
    json = false,
    lowerings = false,
    kernels,
    inference,
    batch,
    ...options
  } = flags
  const network = model(name, options)
  const side = size ?? network.size
  const instead = lowerings ? '--lowerings' : kernels ? '--kernels' : undefined
  if (instead !== undefined && (depth !== undefined || (lowerings && kernels)))
    throw new UsageError({
      where: depth === undefined ? '--kernels' : '--depth',
      expected: depth === undefined ? 'one list' : 'layers to fold',
      got: `${instead}, which lists steps one by one`,
    })
  if (!kernels && (inference || batch !== undefined))
    throw new UsageError({
      where: inference ? '--inference' : '--batch',
      expected: '--kernels beside it',
      got: 'none',
      hint: 'A network layer by layer is of one image',
    })
  if (kernels) return showKernels(network, [batch ?? 1, network.channels, side, side], flags)
  if (lowerings) return showLowerings(network, [1, network.channels, side, side], json)
  const { rows, ...totals } = summarize(network, [side, side], depth)
  if (json)
    return printJson({ name, input: [network.channels, side, side], ...totals, layers: rows })
  console.log(
    table(
      [
        { heading: 'layer' },
        { heading: 'operations' },
        { heading: 'output' },
        { heading: 'parameters', right: true },
        { heading: 'multiply-adds', right: true },
      ],
      rows.map(row => [
        row.path || '(network)',
        [...new Set(row.operations)].join(' '),
        formatShape(row.output),
        count(row.parameters),
        multiplyAdds(row.multiplyAdds),
      ]),
    ),
  )
  console.log(`
${name} at ${network.channels}×${side}×${side}: ${network.describe}
parameters     ${count(totals.parameters)} (and ${count(totals.buffers)} running statistics)
multiply-adds  ${multiplyAdds(totals.multiplyAdds)} (convolutions and fully connected layers)`)
}

export const summaryCommand = (): Command =>
  withJson(
    withModelOptions(new Command('summary'))
      .description('show a network layer by layer')
      .argument('<model>', 'a network, such as se-resnet50')
      .option(
        '--classes <n>',
        'classes (default: 1000, or 10 for small images)',
        whole('--classes', 2),
      )
      .option('--channels <n>', 'channels of the images (default: 3)', whole('--channels'))
      .option('--size <pixels>', "height and width (default: the network's own)", whole('--size'))
      .option('--depth <n>', 'fold layers deeper than this', whole('--depth'))
      .option('--lowerings', "instead: the forms of the convolutions' gradients on the ONNX engine")
      .option('--kernels', 'instead: the kernels of a training step on a GPU')
      .option('--inference', 'with --kernels: of inference')
      .option('--batch <n>', 'with --kernels: images at once', whole('--batch')),
  )
    .addHelpText('after', HELP)
    .action(run)
