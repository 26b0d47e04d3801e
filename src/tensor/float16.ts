/** Floats of 16 bits, half precision (IEEE 754 binary16) and bfloat16, which JavaScript has no arrays for. */

/** The number that these 16 bits are in half precision. */
export const half = (bits: number): number => {
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  const sign = bits & 0x8000 ? -1 : 1
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const single = new Float32Array(1)
const bitsOfSingle = new Uint32Array(single.buffer)

/** The number that these 16 bits are as a bfloat16, which is the upper half of a float32. */
export const bfloat16 = (bits: number): number => {
  bitsOfSingle[0] = bits << 16
  return single[0]
}

/** The 16 bits next to a number, ties to even; what is too large is infinite. */
export const halfBits = (value: number): number => {
  single[0] = value
  const [bits] = bitsOfSingle
  const sign = (bits >>> 16) & 0x8000
  const magnitude = Math.abs(value)
  if (Number.isNaN(value)) return 0x7e00
  // Halfway from the largest half, 65504, to what would come next.
  if (magnitude >= 65520) return sign | 0x7c00
  const exponent = Math.max(((bits >>> 23) & 0xff) - 127, -14)
  const steps = magnitude * 2 ** (10 - exponent)
  const below = Math.floor(steps)
  const rest = steps - below
  const rounded = below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0)
  // A fraction that is rounded up to 2 carries into the exponent by itself; below 1024 it has none.
  return sign | (rounded < 1024 ? rounded : ((exponent + 14) << 10) + rounded)
}
