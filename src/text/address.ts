/** Addresses as people may read them. */

/** An address, alone or after an option's name, without its password. */
export const withoutPassword = (text: string): string =>
  text.replace(/(\w+:\/\/[^:@/\s]*):\S*@/g, '$1:…@')
