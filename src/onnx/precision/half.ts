/** A model in half precision: its weights and all that it computes; images and answers stay as they were. */

import { halfBits } from '../../tensor/float16.ts'
import type { OnnxModel, OnnxNode, OnnxTensor } from '../model.ts'

/** The largest half; what is larger would be infinite. */
const LARGEST = 65504
/** TensorProto.DataType */
const [FLOAT, HALF] = [1, 10]

const halved = (tensor: OnnxTensor): OnnxTensor =>
  tensor.dtype === 'float32'
    ? {
        ...tensor,
        dtype: 'float16',
        data: Uint16Array.from(tensor.data as Float32Array, value =>
          halfBits(Math.min(Math.max(value, -LARGEST), LARGEST)),
        ),
      }
    : tensor

const cast = (from: string, to: string, type: number): OnnxNode => ({
  ...{ opType: 'Cast', name: `${to}/Cast`, inputs: [from], outputs: [to] },
  attributes: { to: type },
})

const within = (name: string): string => `${name}_half`

/** The model with every float32 within it as float16: half the size. */
export const halfPrecision = (model: OnnxModel): OnnxModel => {
  const { inputs, outputs, nodes, initializers } = model.graph
  const inner = (values: typeof inputs): ReadonlySet<string> =>
    new Set(values.flatMap(({ name, dtype }) => (dtype === 'float32' ? [name] : [])))
  const [entering, leaving] = [inner(inputs), inner(outputs)]
  const renamed = (name: string): string =>
    entering.has(name) || leaving.has(name) ? within(name) : name
  return {
    ...model,
    graph: {
      ...model.graph,
      initializers: initializers.map(halved),
      nodes: [
        ...Array.from(entering, name => cast(name, within(name), HALF)),
        ...nodes.map(node => ({
          ...node,
          inputs: node.inputs.map(renamed),
          outputs: node.outputs.map(renamed),
          attributes:
            node.opType === 'Cast' && node.attributes.to === FLOAT
              ? { ...node.attributes, to: HALF }
              : node.attributes,
        })),
        ...Array.from(leaving, name => cast(within(name), name, FLOAT)),
      ],
    },
  }
}
