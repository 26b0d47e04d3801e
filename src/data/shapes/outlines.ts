/** The ten shapes as signed distances: below zero inside, for a point in the shape's own unit frame. */

type Outline = (x: number, y: number) => number

const circle =
  (radius: number): Outline =>
  (x, y) =>
    Math.hypot(x, y) - radius
const box =
  (halfWidth: number, halfHeight: number): Outline =>
  (x, y) =>
    Math.max(Math.abs(x) - halfWidth, Math.abs(y) - halfHeight)

/** A regular polygon with a vertex at the top. */
const polygon =
  (sides: number, radius: number): Outline =>
  (x, y) => {
    const sector = (2 * Math.PI) / sides
    const angle = Math.atan2(x, -y)
    const within = angle - sector * Math.floor(angle / sector) - sector / 2
    return Math.hypot(x, y) * Math.cos(within) - radius * Math.cos(sector / 2)
  }

/** A star: the radius goes back and forth between two values along the angle. */
const star =
  (points: number, outer: number, inner: number): Outline =>
  (x, y) => {
    const turns = (Math.atan2(x, -y) / (2 * Math.PI)) * points
    const between = Math.abs((turns - Math.floor(turns)) * 2 - 1)
    return Math.hypot(x, y) - (inner + (outer - inner) * between)
  }

const union =
  (...outlines: Outline[]): Outline =>
  (x, y) =>
    outlines.reduce(
      (nearest, outline) => Math.min(nearest, outline(x, y)),
      Number.POSITIVE_INFINITY,
    )
const without =
  (whole: Outline, hole: Outline): Outline =>
  (x, y) =>
    Math.max(whole(x, y), -hole(x, y))
const moved =
  (outline: Outline, dx: number, dy: number): Outline =>
  (x, y) =>
    outline(x - dx, y - dy)

/** In the order of their labels; all about as large as a circle of radius 1. */
export const OUTLINES: Readonly<Record<string, Outline>> = {
  circle: circle(0.9),
  ring: without(circle(0.95), circle(0.55)),
  square: box(0.8, 0.8),
  frame: without(box(0.85, 0.85), box(0.5, 0.5)),
  triangle: polygon(3, 1.1),
  hexagon: polygon(6, 0.98),
  star: star(5, 1.1, 0.42),
  cross: union(box(0.95, 0.32), box(0.32, 0.95)),
  crescent: without(circle(0.95), moved(circle(0.8), 0.45, 0)),
  arrow: union(moved(polygon(3, 0.75), 0, -0.4), moved(box(0.24, 0.5), 0, 0.45)),
}
