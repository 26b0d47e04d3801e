/** Words of a command line that is to be typed. */

/** A word as a shell reads it whole, quoted where it must be. */
export const shellWord = (word: string): string =>
  /^[\w./,:=+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
