/** An MPI library by FFI: which file, which interface, and its functions, typed. */

import { messageOf, UsageError } from '../../errors/index.ts'
import { importKoffi, type NativeFunction, type NativeLibrary } from '../../native/koffi.ts'
import type { Family, Launch } from '../launcher.ts'
import { MachineError } from '../machineError.ts'
import { type Abi, FORUM, type Handle, MPICH, openMpi } from './abi.ts'

/** The path or the name of the library. */
export const PATH_VARIABLE = 'EXCITE_MPI'

/** Versioned names only: the plain `libmpi.so` comes with compilers alone. */
const FILES: Readonly<Record<Family, readonly string[]>> = {
  openmpi: ['libmpi.so.40', '/usr/lib64/openmpi/lib/libmpi.so.40', 'libmpi.40.dylib'],
  mpich: [
    'libmpich.so.12',
    'libmpi.so.12',
    '/usr/lib64/mpich/lib/libmpi.so.12',
    'libmpi.12.dylib',
    'libmpi_abi.so.1',
    'libmpi_abi.so.0',
    'libmpi_abi.so.12',
  ],
}

const INSTALL: Readonly<Record<Family, string>> = {
  openmpi: 'apt install libopenmpi3, or module load mpi/openmpi-x86_64',
  mpich: 'apt install libmpich12, or module load mpi/mpich-x86_64',
}

export interface Mpi {
  /** The file, and what it says it is: `Open MPI v4.1.4`. */
  readonly path: string
  readonly version: string
  readonly abi: Abi
  /** Calls a function that returns MPI's error code. @throws MachineError with MPI's own words */
  call(name: FunctionName, ...values: Argument[]): void
  /** The same on another thread; one at a time for a communicator. */
  callAsync(name: FunctionName, ...values: Argument[]): Promise<void>
}

export type Argument = Handle | ArrayBufferView | null

/** The functions that we call, `H` standing for a handle of the interface. */
const SIGNATURES = {
  MPI_Abort: ['H', 'int'],
  MPI_Allreduce: ['intptr_t', 'void *', 'int', 'H', 'H', 'H'],
  MPI_Bcast: ['void *', 'int', 'H', 'int', 'H'],
  MPI_Comm_rank: ['H', 'void *'],
  MPI_Comm_size: ['H', 'void *'],
  MPI_Error_string: ['int', 'void *', 'void *'],
  MPI_Finalize: [],
  MPI_Get_library_version: ['void *', 'void *'],
  MPI_Init_thread: ['void *', 'void *', 'int', 'void *'],
  MPI_Irecv: ['void *', 'int', 'H', 'int', 'int', 'H', 'void *'],
  MPI_Isend: ['void *', 'int', 'H', 'int', 'int', 'H', 'void *'],
  MPI_Test: ['void *', 'void *', 'void *'],
} as const

export type FunctionName = keyof typeof SIGNATURES

const abiOf = (path: string, native: NativeLibrary): Abi => {
  const symbol = (name: string): bigint => BigInt(native.symbol(name))
  try {
    symbol('ompi_mpi_comm_world')
  } catch {
    return /_abi\.|enable-mpi-abi/.test(path) ? FORUM : MPICH
  }
  return openMpi(symbol)
}

/** MPI writes texts of at most this many bytes. */
const LONGEST_TEXT = 8192

const textBy = (write: (text: Uint8Array, length: Int32Array) => unknown): string => {
  const [text, length] = [new Uint8Array(LONGEST_TEXT), new Int32Array(1)]
  write(text, length)
  return Buffer.from(text.subarray(0, length[0])).toString('latin1')
}

const bind = (path: string, native: NativeLibrary): Mpi => {
  const abi = abiOf(path, native)
  const functions = new Map<FunctionName, NativeFunction>()
  const functionOf = (name: FunctionName): NativeFunction => {
    const parameters = SIGNATURES[name].map(type => (type === 'H' ? abi.handle : type))
    const found = functions.get(name) ?? native.func(name, 'int', parameters)
    functions.set(name, found)
    return found
  }
  const check = (name: FunctionName, status: number | bigint): void => {
    if (Number(status) === 0) return
    const got = textBy((text, length) =>
      functionOf('MPI_Error_string')(Number(status), text, length),
    )
    throw new MachineError({ where: path, expected: `${name} to succeed`, got })
  }
  const version = textBy((text, length) =>
    functionOf('MPI_Get_library_version')(text, length),
  ).split(/[\n,]/)[0]
  return {
    path,
    version: version.replace(/\s+/g, ' ').replace(/\0/g, '').trim(),
    abi,
    call: (name, ...values) => check(name, functionOf(name)(...values)),
    callAsync: (name, ...values) =>
      new Promise((resolve, reject) => {
        functionOf(name).async(...values, (error: Error | null, status: number) => {
          try {
            if (error !== null) throw error
            resolve(check(name, status))
          } catch (cause) {
            reject(cause)
          }
        })
      }),
  }
}

/**
 * UCX, by which MPICH and Open MPI may send, patches the memory allocation of the whole process to
 * keep a cache, and handles its faults: Node crashed in one start of some twenty, its heap unmapped.
 * It does without both; what the user says comes first.
 */
const UCX = { UCX_MEM_EVENTS: 'no', UCX_HANDLE_ERRORS: 'none' }

/** Loads the first of these files that is there; all have to stay until the process ends. */
const loadFirst = async (paths: readonly string[], hint: string): Promise<Mpi> => {
  for (const [name, value] of Object.entries(UCX)) process.env[name] ??= value
  const koffi = await importKoffi()
  const problems: string[] = []
  for (const path of paths)
    try {
      // Plug-ins of older Open MPIs look for the library's symbols among all that are loaded.
      return bind(path, koffi.load(path, { global: true, lazy: true }))
    } catch (cause) {
      problems.push(messageOf(cause))
    }
  throw new MachineError({
    where: 'MPI',
    expected: `one of the libraries ${paths.join(', ')}`,
    got: problems.join('; '),
    hint,
  })
}

/**
 * Loads the library that a launcher speaks with. A library of the other family would start without
 * a word as so many processes that are each rank 0 of 1.
 * @throws MachineError where there is none, or one of the other family was named
 */
export const loadMpi = async ({ launcher, family }: Launch, env = process.env): Promise<Mpi> => {
  const wanted = env[PATH_VARIABLE] ?? ''
  const families: readonly Family[] = family === undefined ? ['openmpi', 'mpich'] : [family]
  const paths = wanted === '' ? families.flatMap(name => FILES[name]) : [wanted]
  const install = families.map(name => INSTALL[name]).join('; or ')
  const mpi = await loadFirst(
    paths,
    `Install it (${install}), or name its file in ${PATH_VARIABLE}`,
  )
  const found: Family = mpi.abi.name === 'Open MPI' ? 'openmpi' : 'mpich'
  if (family === undefined || found === family) return mpi
  throw new UsageError({
    where: mpi.path,
    expected: `the library of ${launcher}`,
    got: mpi.version,
    hint: `Leave ${PATH_VARIABLE} out, or start with the launcher of that library`,
  })
}
