// A page of a user's: what it finds out stands in `window.found`.
import * as excite from 'excite/browser'
import { trainSmall } from './training.ts'

const { data, engines, inspect, models, onnx, ops, training, weights } = excite

const { parameters } = inspect.summarize(models.named('se-resnet20'))

const bytes = new Uint8Array(await (await fetch('model.onnx')).arrayBuffer())
const { graph } = onnx.readOnnx(bytes, 'model.onnx')

// The same formula by ONNX Runtime's WebAssembly and by the float64 loops.
const x = excite.input('x', [2, 3])
const loss = excite.graph({ y: ops.softmax(ops.mul(x, x)) })
const run = async engine => {
  const compiled = await engine.compile(loss)
  const { y } = await compiled.run({
    x: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 0, -1, 1) },
  })
  return [...y.data]
}
const wanted = await run(engines.referenceEngine)
const got = await run(engines.onnxWebEngine)
const apart = Math.max(...got.map((value, i) => Math.abs(value - wanted[i])))

// A file as a visitor would choose it.
const classifier = await excite.openClassifier('network.onnx')
const image = await (await fetch('image.png')).blob()
const guesses = await classifier.classify(image, { top: 3 })

// A network trained here, on images in memory, and asked as a file.
const trained = await trainSmall({ data, models, training }, engines.onnxWebEngine)
const own = await excite.openClassifier(weights.exportOnnx(trained.network))
const answers = await own.classify(trained.image)

window.found = {
  parameters,
  nodes: graph.nodes.length,
  close: apart < 1e-6,
  guesses,
  losses: trained.losses,
  answers,
}
