/** A file's bytes by ranges: files above 2 GiB, which Node reads into no buffer, included. */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { FileError, messageOf } from '../../errors/index.ts'

export interface FileBytes {
  readonly size: number
  read(start: number, end: number): Uint8Array
  close(): void
}

const openPlain = (path: string): number => {
  try {
    // Opening a pipe would wait for its writer.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const got = messageOf(cause)
    throw new FileError({ where: path, expected: 'a readable file', got }, { cause })
  }
}

/**
 * Opens a file for reading.
 * @throws FileError when it is not a plain file, or became shorter while it was read
 */
export const openFileBytes = (path: string): FileBytes => {
  const descriptor = openPlain(path)
  const found = fstatSync(descriptor)
  if (!found.isFile()) {
    closeSync(descriptor)
    throw new FileError({ where: path, expected: 'a file', got: 'something else' })
  }
  return {
    size: found.size,
    read: (start, end) => {
      const bytes = new Uint8Array(end - start)
      for (let done = 0; done < bytes.length; ) {
        const count = readSync(descriptor, bytes, done, bytes.length - done, start + done)
        if (count === 0)
          throw new FileError({ where: path, expected: `${found.size} bytes`, got: 'fewer by now' })
        done += count
      }
      return bytes
    },
    close: () => closeSync(descriptor),
  }
}
