/** The scales at which a scene is measured: from half to double, in eighths of an octave. */

export const SCALES = Array.from({ length: 17 }, (_, i) => 2 ** (i / 8 - 1))
