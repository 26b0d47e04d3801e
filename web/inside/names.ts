/** The names of classes and textures, for lists: without the painter, which the worker has. */

export const CLASS_NAMES = [
  'circle',
  'ring',
  'square',
  'frame',
  'triangle',
  'hexagon',
  'star',
  'cross',
  'crescent',
  'arrow',
] as const

export const TEXTURE_NAMES = ['plain', 'stripes', 'checks', 'dots', 'shading'] as const
