/** How much boxes overlap; each is x, y, width and height, four numbers of an array. */

type Boxes = ArrayLike<number>

/**
 * The intersection of two boxes over their union; where the second holds a crowd, over the area of
 * the first.
 * @param a - the place of the first box in its array, counted in boxes
 */
export const overlap = (
  first: Boxes,
  a: number,
  second: Boxes,
  b: number,
  isCrowd = false,
): number => {
  const [i, j] = [4 * a, 4 * b]
  const width =
    Math.min(first[i] + first[i + 2], second[j] + second[j + 2]) - Math.max(first[i], second[j])
  const height =
    Math.min(first[i + 1] + first[i + 3], second[j + 1] + second[j + 3]) -
    Math.max(first[i + 1], second[j + 1])
  if (width <= 0 || height <= 0) return 0
  const shared = width * height
  const own = first[i + 2] * first[i + 3]
  return shared / (isCrowd ? own : own + second[j + 2] * second[j + 3] - shared)
}
