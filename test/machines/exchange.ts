/** What each rank does in the tests of MPI: exchanges, then fails, hangs or leaves as it is told to. */

import { join } from '../../src/machines/join.ts'

const [mode] = process.argv.slice(2)
const others = await join()
const { rank, size } = others

/** More than one call of MPI takes. */
const values = new Float32Array(5_000_000).map((_, i) => (rank + 1) * (i % 7))
const small = Float32Array.of(rank, -0)
const [, texts] = await Promise.all([
  others.allReduce([values, small]),
  others.gather(`rank ${rank}: é`),
])
const total = (size * (size + 1)) / 2
const wrong = values.filter((value, i) => value !== total * (i % 7)).length
const first = Float32Array.of(rank + 5)
await others.broadcast([first])
const work = await others.onFirst(() => new Promise(resolve => setTimeout(resolve, 300, 'done')))
console.log(
  JSON.stringify({ rank, size, wrong, small: [...small], texts, first: [...first], work }),
)

try {
  if (mode === 'fail' && rank === 1) throw new TypeError('bad image x.jpg')
  if (mode === 'hang' && rank === 1) for (;;);
  if (mode !== 'end') for (;;) await others.allReduce([small])
} catch (error) {
  await others.fail(error)
  console.log(JSON.stringify({ rank, error: (error as Error).message }))
}
await others.close()
