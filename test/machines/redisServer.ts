/** A Redis server of a test's own, with persistence. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'

/** Why there is none here, or undefined where there is. */
export const missingRedis =
  spawnSync('redis-server', ['--version']).status === 0 ? undefined : 'redis-server not installed'

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

export interface RedisServer {
  readonly url: string
  /** Starts it again, on the same port, with what it had kept. */
  start(): Promise<void>
  /** Ends it, by SIGKILL unless told otherwise; nothing where it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/**
 * Starts a server that keeps its files in a folder.
 * @param options - further options of redis-server
 */
export const redisServer = async (
  folder: string,
  { password = '', protocol = 'redis', options = [] as readonly string[] } = {},
): Promise<RedisServer> => {
  const port = await freePort()
  let child: ChildProcess | undefined
  const plain =
    protocol === 'rediss' ? ['--port', '0', '--tls-port', `${port}`] : ['--port', `${port}`]
  const own = [
    ...plain,
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'yes',
  ]
  const secret = password === '' ? [] : ['--requirepass', password]
  const start = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const started = spawn('redis-server', [...own, ...secret, ...options], {
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      let said = ''
      started.stdout?.on('data', chunk => {
        said += chunk
        if (said.includes('Ready to accept connections')) resolve()
      })
      started.on('close', () => reject(new TypeError(said)))
      child = started
    })
  await start()
  return {
    url: `${protocol}://${password === '' ? '' : `:${password}@`}127.0.0.1:${port}`,
    start,
    stop: (signal = 'SIGKILL') =>
      new Promise(resolve => {
        if (child === undefined) return resolve()
        child.removeAllListeners('close').on('close', () => resolve())
        child.kill(signal)
        child = undefined
      }),
  }
}
