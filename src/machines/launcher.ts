/** Who started this process, read from what launchers leave in the environment. */

import { UsageError } from '../errors/index.ts'

/** The families of libraries that speak with a launcher. */
export type Family = 'openmpi' | 'mpich'

/** A process among those that a launcher started. */
export interface Launch {
  /** What it is called in messages. */
  readonly launcher: string
  /** The library that the launcher speaks with; undefined where any may do. */
  readonly family: Family | undefined
  readonly rank: number
  readonly size: number
  /** The rank among the processes of this machine, and how many these are. */
  readonly localRank: number
  readonly localSize: number
}

interface Names {
  readonly launcher: string
  readonly family?: Family
  readonly rank: string
  readonly size: string
  readonly localRank: readonly string[]
  readonly localSize: readonly string[]
}

/**
 * The variables of each launcher. A batch job of Slurm has SLURM_PROCID too, with mpirun inside it:
 * so mpirun's come first, and srun's count only inside a step.
 */
const LAUNCHERS: readonly Names[] = [
  {
    launcher: "Open MPI's mpirun",
    family: 'openmpi',
    rank: 'OMPI_COMM_WORLD_RANK',
    size: 'OMPI_COMM_WORLD_SIZE',
    localRank: ['OMPI_COMM_WORLD_LOCAL_RANK'],
    localSize: ['OMPI_COMM_WORLD_LOCAL_SIZE'],
  },
  {
    launcher: "MPICH's mpirun",
    family: 'mpich',
    rank: 'PMI_RANK',
    size: 'PMI_SIZE',
    localRank: ['MPI_LOCALRANKID', 'PMI_LOCAL_RANK'],
    localSize: ['MPI_LOCALNRANKS', 'PMI_LOCAL_SIZE'],
  },
  {
    launcher: 'srun',
    rank: 'SLURM_PROCID',
    size: 'SLURM_STEP_NUM_TASKS',
    localRank: ['SLURM_LOCALID'],
    localSize: [],
  },
]

type Environment = Readonly<Record<string, string | undefined>>

const count = (env: Environment, name: string): number => {
  const text = env[name] ?? ''
  if (/^\d+$/.test(text)) return Number(text)
  throw new UsageError({
    where: `environment variable ${name}`,
    expected: 'a whole number, as the launcher sets it',
    got: text === '' ? 'nothing' : text,
  })
}

const firstCount = (env: Environment, names: readonly string[], otherwise: number): number => {
  const name = names.find(name => env[name] !== undefined)
  return name === undefined ? otherwise : count(env, name)
}

/**
 * The place of this process among those of its launcher; undefined where no launcher started it.
 * @throws UsageError for a variable of a launcher that is no number
 */
export const launchOf = (env: Environment = process.env): Launch | undefined => {
  const names = LAUNCHERS.find(
    ({ rank, size }) => env[rank] !== undefined && env[size] !== undefined,
  )
  if (names === undefined) return undefined
  const { launcher, family } = names
  const size = count(env, names.size)
  return {
    launcher,
    family,
    rank: count(env, names.rank),
    size,
    localRank: firstCount(env, names.localRank, 0),
    localSize: firstCount(env, names.localSize, 1),
  }
}
