/** Text from outside, such as names of files, classes and models, in a form that is safe to print. */

/**
 * What a terminal obeys, a table breaks at, or XML forbids: control characters, line separators, marks
 * that turn the direction of writing, and halves of characters.
 */
const OBEYED = /[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * Makes every character visible, and text that is too long end in `…`.
 * @example
 * visible('a\u001b[31mb') // 'a\\u001b[31mb'
 */
export const visible = (text: string, longest = Number.POSITIVE_INFINITY): string =>
  (text.length > longest ? `${text.slice(0, longest)}…` : text).replace(
    OBEYED,
    sign => SHORT[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** A longer name says nothing more to people. */
const LONGEST_NAME = 80

/** A name as messages show it: visible, and not too long. */
export const readable = (name: string): string => visible(name, LONGEST_NAME)

/** A readable name between quotation marks, where it may be empty or hold spaces. */
export const quoted = (name: string): string => `"${readable(name).replaceAll('"', '\\"')}"`
