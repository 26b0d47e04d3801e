/** Runs of a study by workers, over a real Redis server: their bytes, what goes wrong, what stays secret. */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { afterAll, describe, expect, it } from 'vitest'
import { factsOf, jobId, PREFIX, parseJob, QUEUE } from '../../src/studies/queue/job.ts'
import { excite, inFolder, type Running, start } from '../support/command.ts'
import { missingRedis, type RedisServer, redisServer } from './redisServer.ts'

const PASSWORD = 'p4ss-w0rd'
const STUDY =
  'study --size 16 --samples 64,40 --batch 16 --epochs 2 --seeds 1 --threads 1 --engine onnxruntime'
const study = (...more: string[]): string[] => [...STUDY.split(' '), ...more]

const hashOf = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex')

const servers: RedisServer[] = []
const running: Running[] = []
afterAll(async () => {
  for (const { child } of running) child.kill('SIGKILL')
  for (const server of servers) await server.stop()
})

const serve = async (...given: Parameters<typeof redisServer>): Promise<RedisServer> => {
  const server = await redisServer(...given)
  servers.push(server)
  return server
}

const work = (folder: string, ...args: string[]): Running => {
  const worker = start(folder, 'worker', ...args, '--lease', '3')
  running.push(worker)
  return worker
}

const drained = async ({ child, finished }: Running) => {
  child.kill('SIGTERM')
  return finished
}

/** Every file in a folder that has a text in it. */
const filesWith = (folder: string, text: string): string[] =>
  (readdirSync(folder, { recursive: true, withFileTypes: true }) ?? [])
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .filter(path => readFileSync(path).includes(text))

describe.skipIf(missingRedis)(`a queue${missingRedis ? ` (${missingRedis})` : ''}`, () => {
  it('gives the bytes of --jobs, where a worker is killed too, and keeps its password', () =>
    inFolder(async folder => {
      const { url } = await serve(folder, { password: PASSWORD })
      const vary = ['--vary', 'lr=0.05,0.1']
      const first = work(folder, url)
      const queued = start(folder, ...study(...vary, '--queue', url, '--out', 'queued'))
      while (!existsSync(join(folder, 'queued/lr-0.1-seed0'))) await setTimeout(100)
      await setTimeout(1500)
      first.child.kill('SIGKILL')
      const second = work(folder, url)
      const { code, stdout, stderr } = await queued.finished
      expect(code, stderr).toBe(0)
      const worker = await drained(second)
      expect(worker.code).toBe(143)
      for (const text of [stdout, stderr, worker.stderr, (await first.finished).stderr])
        expect(text).not.toContain(PASSWORD)
      expect(filesWith(join(folder, 'queued'), PASSWORD)).toEqual([])
      expect((await excite(folder, ...study(...vary, '--out', 'jobs'))).code).toBe(0)
      const runs = readdirSync(join(folder, 'jobs')).filter(name => name.includes('seed'))
      expect(runs).toHaveLength(2)
      for (const run of runs)
        for (const file of ['config.json', 'best.safetensors', 'model.onnx'])
          expect(hashOf(join(folder, 'queued', run, file)), `${run}/${file}`).toBe(
            hashOf(join(folder, 'jobs', run, file)),
          )
    }))

  it('reports a run that fails three times with its log, and goes on', () =>
    inFolder(async folder => {
      const { url } = await serve(folder)
      const worker = work(folder, url)
      const { code, stderr } = await excite(
        folder,
        ...study('--vary', 'lr=1e30,0.1', '--queue', url, '--out', 'out'),
      )
      expect(code).toBe(1)
      expect(stderr).toMatch(/lr 1e\+?30, seed 0 {2}failed: .*3 attempts; their last lines are in/)
      expect(stderr).toMatch(/lr 0.1, seed 0 {2}finished/)
      const log = filesWith(join(folder, 'out'), 'expected a finite').find(path =>
        path.endsWith('failure.log'),
      )
      expect(readFileSync(log ?? '', 'utf8').match(/expected a finite/g)?.length).toBeGreaterThan(2)
      await drained(worker)
    }))

  it('is refused where nobody answers, or no password fits, before anything is written', () =>
    inFolder(async folder => {
      const { url } = await serve(folder, { password: PASSWORD })
      const nobody = await excite(
        folder,
        ...study('--vary', 'lr=0.1,0.2', '--queue', 'redis://127.0.0.1:1'),
      )
      expect(nobody.code).toBe(1)
      expect(nobody.stderr).toMatch(
        /excite: queue redis:\/\/127.0.0.1:1: expected a Redis or Valkey server that answers, got .*ECONNREFUSED/,
      )
      const wrong = await excite(folder, 'worker', url.replace(PASSWORD, 'guess'))
      expect(wrong.code).toBe(1)
      expect(wrong.stderr).toMatch(/got WRONGPASS/)
      expect(wrong.stderr).not.toContain('guess')
      expect(existsSync(join(folder, 'runs'))).toBe(false)
    }))

  it('is left by a worker that is drained, also where the server has gone', () =>
    inFolder(async folder => {
      const server = await serve(folder)
      const worker = work(folder, server.url)
      await new Promise(resolve => worker.child.stderr?.once('data', resolve))
      await server.stop()
      expect((await drained(worker)).code).toBe(143)
    }))

  it('trains in a folder of the worker where that of the study is not seen; refuses another version', () =>
    inFolder(async folder => {
      const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
      const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
      const files = ['-keyout', key, '-out', cert, '-subj', '/CN=localhost', '-days', '2']
      const name = ['-addext', 'subjectAltName=IP:127.0.0.1']
      const hasTls = spawnSync('openssl', ['req', ...made, ...files, ...name]).status === 0
      const options = ['--tls-cert-file', cert, '--tls-key-file', key, '--tls-ca-cert-file', cert]
      const { url } = hasTls
        ? await serve(folder, {
            protocol: 'rediss',
            options: [...options, '--tls-auth-clients', 'no'],
          })
        : await serve(folder)
      await excite(folder, ...study('--vary', 'lr=0.1,0.2', '--out', 'here', '--print-runs'))
      const config = JSON.parse(readFileSync(join(folder, 'here/lr-0.1-seed0/config.json'), 'utf8'))
      const job = parseJob({
        ...{ name: 'unseen', folder: '/nowhere/run', cwd: '/nowhere', saveEvery: 60, config },
        facts: await factsOf({ config }, undefined),
      })
      const { hostname, port } = new URL(url)
      const tls = hasTls ? { ca: readFileSync(cert) } : undefined
      const queue = new Queue(QUEUE, {
        prefix: PREFIX,
        connection: { host: hostname, port: Number(port), tls },
      })
      await queue.add('train', job, { jobId: jobId(job) })
      process.env.NODE_EXTRA_CA_CERTS = cert
      const worker = work(folder, url, '--out', 'own')
      while ((await queue.getJobState(jobId(job))) !== 'completed') await setTimeout(200)
      const done = await queue.getJob(jobId(job))
      expect(done?.returnvalue).toMatchObject({ folder: join(folder, 'own', jobId(job)) })
      expect(existsSync(join(folder, 'own', jobId(job), 'model.onnx'))).toBe(true)

      const other = { ...job, facts: { ...job.facts, version: '0.0.1' } }
      await queue.add('train', other, { jobId: jobId(other) })
      const refused = await worker.finished
      expect(refused.code).toBe(1)
      expect(refused.stderr).toMatch(/unseen: expected version 0.0.1, as the study has, got /)
      expect(await queue.getJobState(jobId(other))).toBe('waiting')
      await queue.close()
    }))
})
