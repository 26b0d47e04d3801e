/** Anchors: boxes of some sizes and aspect ratios around every cell of every level (Ren et al.: Faster R-CNN, arXiv:1506.01497, section 3.1.1). */

/** Height and width. */
export type Extent = readonly [height: number, width: number]

/** Which anchors a cell has. */
export interface AnchorOptions {
  /** The side of a square anchor, of each level. */
  readonly anchorSizes: readonly number[]
  /** Heights over widths. */
  readonly ratios: readonly number[]
}

/** To the nearest whole number, halves to the even one. */
const roundHalfEven = (x: number): number => {
  const floor = Math.floor(x)
  const rest = x - floor
  return rest === 0.5 ? floor + (floor % 2) : Math.round(x)
}

/** The corners of the anchors of a cell at 0, 0, as torchvision rounds them. */
export const cellAnchors = (size: number, ratios: readonly number[]): number[][] =>
  ratios.map(ratio => {
    const [width, height] = [
      roundHalfEven(size / Math.sqrt(ratio) / 2),
      roundHalfEven((size * Math.sqrt(ratio)) / 2),
    ]
    return [-width, -height, width, height]
  })

/**
 * The anchors of every level, corner by corner, by row, column and anchor. A step is the image's
 * size over the grid's, rounded down, as torchvision has it.
 */
export const anchorsOf = (
  grids: readonly Extent[],
  [height, width]: Extent,
  { anchorSizes, ratios }: AnchorOptions,
): readonly number[][] =>
  grids.map(([rows, columns], level) => {
    const cell = cellAnchors(anchorSizes[level], ratios)
    const [down, across] = [Math.floor(height / rows), Math.floor(width / columns)]
    return Array.from({ length: rows * columns }, (_, place) => {
      const y = Math.floor(place / columns) * down
      const x = (place % columns) * across
      return cell.flatMap(([x1, y1, x2, y2]) => [x1 + x, y1 + y, x2 + x, y2 + y])
    }).flat()
  })
