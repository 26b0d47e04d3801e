/** Launchers, by what they leave in the environment. */

import { expect, it } from 'vitest'
import { launchOf } from './launcher.ts'

const OPEN_MPI = {
  OMPI_COMM_WORLD_RANK: '3',
  OMPI_COMM_WORLD_SIZE: '8',
  OMPI_COMM_WORLD_LOCAL_RANK: '1',
  OMPI_COMM_WORLD_LOCAL_SIZE: '2',
}
const place = { rank: 3, size: 8, localRank: 1, localSize: 2 }

it.each([
  ["Open MPI's mpirun", 'openmpi', OPEN_MPI],
  [
    "MPICH's mpirun",
    'mpich',
    { PMI_RANK: '3', PMI_SIZE: '8', MPI_LOCALRANKID: '1', MPI_LOCALNRANKS: '2' },
  ],
  // mpirun inside a job of Slurm: the job has variables of its own, which say something else.
  ["Open MPI's mpirun", 'openmpi', { ...OPEN_MPI, SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '1' }],
])('%s', (launcher, family, env) => {
  expect(launchOf(env)).toEqual({ launcher, family, ...place })
})

it('srun, which may speak with either', () => {
  const env = { SLURM_PROCID: '3', SLURM_STEP_NUM_TASKS: '8', SLURM_LOCALID: '1' }
  expect(launchOf(env)).toEqual({
    launcher: 'srun',
    family: undefined,
    ...place,
    localSize: 1,
  })
})

it('none, also in a batch job of Slurm that starts no step', () => {
  expect(launchOf({})).toBeUndefined()
  expect(launchOf({ SLURM_PROCID: '0', SLURM_NTASKS: '4' })).toBeUndefined()
})

it('refuses what is no number', () => {
  expect(() => launchOf({ ...OPEN_MPI, OMPI_COMM_WORLD_RANK: 'x' })).toThrow(
    'environment variable OMPI_COMM_WORLD_RANK: expected a whole number',
  )
})
