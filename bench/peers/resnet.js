/**
 * SE-ResNet-20 and SE-ResNet-50, for any library: the same layers in the same order, written with
 * the operations that a peer gives. `weight(shape)` is the next weight, shaped as PyTorch's;
 * `twice(x)` is what to write where a value is used once more.
 */

const NETWORKS = {
  'se-resnet20': { stem: 3, depths: [3, 3, 3], widths: [16, 32, 64], first: 16, classes: 10 },
  'se-resnet50': {
    stem: 7,
    depths: [3, 4, 6, 3],
    widths: [256, 512, 1024, 2048],
    first: 64,
    classes: 1000,
  },
}

export const classesOf = name => NETWORKS[name].classes

const conv = (ops, x, inputs, outputs, kernel, stride = 1) =>
  ops.conv(x, ops.weight([outputs, inputs, kernel, kernel]), stride, kernel >> 1)

const norm = (ops, x, channels) =>
  ops.batchNorm(x, ops.weight([channels], 1), ops.weight([channels], 0))

const squeezeExcite = (ops, u, channels) => {
  const hidden = Math.max(1, channels >> 4)
  const dense = (z, inputs, outputs) =>
    ops.bias(conv(ops, z, inputs, outputs, 1), ops.weight([outputs], 0))
  const z = ops.relu(dense(ops.mean(ops.twice(u)), channels, hidden))
  return ops.mul(u, ops.sigmoid(dense(z, hidden, channels)))
}

/** Two 3×3 convolutions; the shortcut skips pixels and adds zero channels. */
const basic = (ops, x, inputs, outputs, stride) => {
  let y = conv(ops, ops.twice(x), inputs, outputs, 3, stride)
  y = ops.relu(norm(ops, y, outputs))
  y = norm(ops, conv(ops, y, outputs, outputs, 3), outputs)
  y = squeezeExcite(ops, y, outputs)
  const shortcut = inputs === outputs ? x : ops.widen(ops.skip(x, stride), outputs - inputs)
  return ops.relu(ops.add(y, shortcut))
}

/** 1×1, 3×3 that strides, 1×1; the shortcut is a projection where shapes change. */
const bottleneck = (ops, x, inputs, outputs, stride) => {
  const width = outputs / 4
  let y = ops.relu(norm(ops, conv(ops, ops.twice(x), inputs, width, 1), width))
  y = ops.relu(norm(ops, conv(ops, y, width, width, 3, stride), width))
  y = norm(ops, conv(ops, y, width, outputs, 1), outputs)
  y = squeezeExcite(ops, y, outputs)
  const shortcut =
    inputs === outputs ? x : norm(ops, conv(ops, x, inputs, outputs, 1, stride), outputs)
  return ops.relu(ops.add(y, shortcut))
}

/** Pictures to logits [N, classes]. */
export const forward = (name, ops, images) => {
  const { stem, depths, widths, first, classes } = NETWORKS[name]
  const large = stem === 7
  let x = conv(ops, images, 3, first, stem, large ? 2 : 1)
  x = ops.relu(norm(ops, x, first))
  if (large) x = ops.maxPool(x)
  let inputs = first
  for (const [stage, depth] of depths.entries())
    for (let i = 0; i < depth; i++) {
      const stride = i === 0 && stage > 0 ? 2 : 1
      x = (large ? bottleneck : basic)(ops, x, inputs, widths[stage], stride)
      inputs = widths[stage]
    }
  return ops.bias2(
    ops.matmul(ops.flat(ops.mean(x)), ops.weight([classes, inputs])),
    ops.weight([classes], 0),
  )
}
