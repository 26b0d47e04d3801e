/** What a file that holds no weights is instead, by its first bytes. */

import { isCheckpoint } from './pytorch/checkpoint.ts'

interface Kind {
  readonly name: string
  /** What to do about it. */
  readonly hint: string
}

const UNPACK = 'Unpack it first'
const CONVERT = 'Convert it to safetensors in Python first'

const CHECKPOINT: Kind = { name: 'a PyTorch checkpoint', hint: 'Import it first: excite import' }

/** By their first bytes, as hexadecimal digits. */
const MAGIC: readonly (readonly [start: RegExp, kind: Kind])[] = [
  [/^$/, { name: 'an empty file', hint: 'Fetch it again' }],
  [/^1f8b/, { name: 'a gzip archive', hint: UNPACK }],
  [/^(?:425a68|fd377a|28b52ffd|377abc)/, { name: 'a compressed archive', hint: UNPACK }],
  [/^.{514}7573746172/, { name: 'a tar archive', hint: UNPACK }],
  [/^894844460d0a1a0a/, { name: 'an HDF5 file, as Keras writes', hint: CONVERT }],
  [/^934e554d5059/, { name: 'a NumPy file', hint: CONVERT }],
  [/^47475546/, { name: 'a GGUF file', hint: CONVERT }],
  [/^08(?:0.|10)(?:10|12|1a|22|3a)/, { name: 'an ONNX model', hint: 'Run excite inspect on it' }],
]

/** By their first text. */
const TEXTS: readonly (readonly [start: RegExp, kind: Kind])[] = [
  [
    /^version https:\/\/git-lfs/,
    { name: 'a Git LFS pointer, which stands for the file', hint: 'Fetch the file: git lfs pull' },
  ],
  [
    /^\s*<(?:!doctype|html|head|\?xml)/i,
    { name: 'a web page', hint: 'Download the file that the page links to' },
  ],
  [
    /^\s*\{[\s\S]*"weight_map"/,
    { name: 'an index of shards', hint: 'Import it by its path, with its shards beside it' },
  ],
  [/^\s*[{[]\s*["{[\]}\d]/, { name: 'a JSON file', hint: 'Give the file of the weights' }],
]

/** Enough to tell any kind by. */
export const LOOKED_AT = 1024

/** The kind of a file; undefined for what is not known. */
export const fileKind = (start: Uint8Array): Kind | undefined => {
  if (isCheckpoint(start)) return CHECKPOINT
  const bytes = Buffer.from(start.subarray(0, LOOKED_AT))
  const among = (text: string, kinds: typeof MAGIC): Kind | undefined =>
    kinds.find(([pattern]) => pattern.test(text))?.[1]
  return among(bytes.toString('hex'), MAGIC) ?? among(bytes.toString('latin1'), TEXTS)
}
