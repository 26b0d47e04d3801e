// A page of a user's: what it finds out stands in `window.found`.
import * as excite from 'excite/browser'

const network = excite.model('se-resnet20')
const { parameters } = excite.summarize(network)

const bytes = new Uint8Array(await (await fetch('model.onnx')).arrayBuffer())
const { graph } = excite.readOnnx(bytes, 'model.onnx')

// The same formula by ONNX Runtime's WebAssembly and by the float64 loops.
const x = excite.input('x', [2, 3])
const loss = excite.graph({ y: excite.ops.softmax(excite.ops.mul(x, x)) })
const run = async engine => {
  const compiled = await engine.compile(loss)
  const { y } = await compiled.run({
    x: { shape: [2, 3], data: Float32Array.of(1, 2, 3, 0, -1, 1) },
  })
  return [...y.data]
}
const wanted = await run(excite.referenceEngine)
const got = await run(excite.onnxWebEngine)
const apart = Math.max(...got.map((value, i) => Math.abs(value - wanted[i])))

// A file as a visitor would choose it.
const classifier = await excite.openClassifier('network.onnx')
const image = await (await fetch('image.png')).blob()
const guesses = await classifier.classify(image, { top: 3 })

window.found = { parameters, nodes: graph.nodes.length, close: apart < 1e-6, guesses }
