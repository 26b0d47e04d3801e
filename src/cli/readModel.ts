/** An ONNX file as commands read it: of a path or an address, told from other kinds of files. */

import { readFile, stat } from 'node:fs/promises'
import { FileError, messageOf } from '../errors/index.ts'
import type { FileModel } from '../onnx/read/index.ts'

/** Whether a word is an address, as of images and models. */
export const isAddress = (text: string): boolean => /^https?:\/\//i.test(text)

/** Reads a model, of a file or an address. */
export const readModel = async (path: string): Promise<{ bytes: Uint8Array; model: FileModel }> => {
  const { LIMITS, readOnnx } = await import('../onnx/read/index.ts')
  const { fileKind } = await import('../weights/fileKinds.ts')
  const read = async (): Promise<Uint8Array> => {
    if (isAddress(path)) {
      const { fetchBytes } = await import('../data/sets/fetchBytes.ts')
      return fetchBytes(path, LIMITS.bytes)
    }
    const { size } = await stat(path)
    if (size > LIMITS.bytes)
      throw new FileError({
        where: path,
        expected: `at most ${LIMITS.bytes} bytes, as protobuf has it`,
        got: `${size}`,
      })
    return readFile(path)
  }
  try {
    const bytes = await read()
    const kind = fileKind(bytes)
    if (kind !== undefined && kind.name !== 'an ONNX model')
      throw new FileError({
        where: path,
        expected: 'an ONNX model',
        got: kind.name,
        hint: kind.hint,
      })
    return { bytes, model: readOnnx(bytes, path) }
  } catch (cause) {
    if (cause instanceof FileError) throw cause
    throw new FileError(
      {
        where: path,
        expected: 'a readable file',
        got: messageOf(cause),
      },
      { cause },
    )
  }
}
