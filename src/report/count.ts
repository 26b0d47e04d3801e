/** A whole number as people read it: 25,557,032. */

export const count = (value: number): string => value.toLocaleString('en-US')
