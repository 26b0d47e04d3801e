/**
 * The engines and PyTorch in turn, A B C A B C, and the ratios of each round: on a busy machine only
 * ratios within a round mean anything.
 * Usage: npx tsx bench/compare.ts MODEL BATCH SIZE [STEPS] [THREADS] [ROUNDS] [CONTENDERS]
 */

import { execFileSync } from 'node:child_process'

const [
  model = 'se-resnet20',
  batch = '128',
  size = '32',
  steps = '8',
  threads = '2',
  rounds = '3',
  names = 'onednn,torch,onnx',
] = process.argv.slice(2)

const measure = (contender: string): { median: number; best: number } => {
  const [command, ...parts] =
    contender === 'torch'
      ? ['/usr/bin/python3', 'bench/peers/torch_train.py', model, batch, size, steps, threads]
      : ['npx', 'tsx', 'bench/step.ts', model, batch, size, steps, threads, contender]
  const text = execFileSync(command, parts, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    // The same patience of OpenMP's threads for all: on a busy machine it decides more than kernels.
    env: { ...process.env, GOMP_SPINCOUNT: process.env.GOMP_SPINCOUNT ?? '20000' },
  })
  const [median, best] = [
    ...(/training: ([\d.]+) images\/s median, ([\d.]+) best/.exec(text) ?? []),
  ]
    .slice(1)
    .map(Number)
  return { median, best }
}

const middle = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const [first, ...others] = names.split(',')
const ratios = new Map<string, number[]>()
for (let round = 0; round < Number(rounds); round++) {
  const own = measure(first)
  const line = [`${first} ${own.median} (best ${own.best})`]
  for (const other of others) {
    const { median, best } = measure(other)
    ratios.set(other, [...(ratios.get(other) ?? []), own.best / best])
    line.push(
      `${other} ${median} (best ${best}), ratio of the bests ${(own.best / best).toFixed(2)}`,
    )
  }
  console.log(line.join('; '))
}
for (const [other, values] of ratios)
  console.log(
    `${model}, batch ${batch}, ${size}²: ${first} / ${other} = ${middle(values).toFixed(2)}`,
  )
