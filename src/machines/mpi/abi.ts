/**
 * The three binary interfaces of MPI libraries. The functions are the same, and what a handle is
 * differs: addresses of variables in Open MPI, numbers of 4 bytes in MPICH and its kin (Intel MPI,
 * MVAPICH2), numbers as wide as a pointer in the MPI Forum's own.
 */

/** The values that calls need, in one interface. */
export interface Abi {
  readonly name: 'Open MPI' | 'MPICH' | 'MPI Forum'
  /** The C type of a handle. */
  readonly handle: 'intptr_t' | 'int'
  readonly world: Handle
  readonly float: Handle
  readonly int: Handle
  readonly byte: Handle
  readonly sum: Handle
  /** Stands in place of the send buffer: the result takes the place of what was given. */
  readonly inPlace: bigint
}

export type Handle = number | bigint

/** Open MPI 3 to 5: handles are the addresses of what the library exports. */
export const openMpi = (addressOf: (symbol: string) => bigint): Abi => ({
  name: 'Open MPI',
  handle: 'intptr_t',
  world: addressOf('ompi_mpi_comm_world'),
  float: addressOf('ompi_mpi_float'),
  int: addressOf('ompi_mpi_int'),
  byte: addressOf('ompi_mpi_byte'),
  sum: addressOf('ompi_mpi_op_sum'),
  inPlace: 1n,
})

/** MPICH 3.1 and later, as its mpi.h has them. */
export const MPICH: Abi = {
  name: 'MPICH',
  handle: 'int',
  world: 0x44000000,
  float: 0x4c00040a,
  int: 0x4c000405,
  byte: 0x4c00010d,
  sum: 0x58000003,
  inPlace: -1n,
}

/** The interface of MPI 5, as the MPI Forum's stubs have it: untested, since no library here has it. */
export const FORUM: Abi = {
  name: 'MPI Forum',
  handle: 'intptr_t',
  world: 0x101,
  float: 0x210,
  int: 0x209,
  byte: 0x247,
  sum: 0x21,
  inPlace: 1n,
}
