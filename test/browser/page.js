// A page of a user's: what it finds out stands in `window.found`.
import * as excite from 'excite/browser'

const network = excite.model('se-resnet20')
const { parameters } = excite.summarize(network)

const bytes = new Uint8Array(await (await fetch('model.onnx')).arrayBuffer())
const { graph } = excite.readOnnx(bytes, 'model.onnx')

window.found = { parameters, nodes: graph.nodes.length }
