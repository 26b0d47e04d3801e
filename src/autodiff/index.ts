/** Differentiation of graphs. */

export { gradients } from './gradients.ts'
