/** A Redis or Valkey server where work waits: its address, the packages that speak with it, and whether it answers. */

import { messageOf, UsageError } from '../../errors/index.ts'
import { withoutPassword } from '../../text/address.ts'
import { MachineError } from '../machineError.ts'

/** The environment variable that holds the address, where a command line would show a password. */
export const QUEUE_VARIABLE = 'EXCITE_QUEUE'

/** Where a server is. */
export interface QueueAddress {
  /** For people: without a password. */
  readonly shown: string
  readonly connection: {
    readonly host: string
    readonly port: number
    readonly db: number
    readonly username?: string | undefined
    readonly password?: string | undefined
    /** Present where the connection is encrypted. */
    readonly tls?: object | undefined
  }
}

const DEFAULT_PORT = 6379
const CONNECT_MS = 5000

/**
 * Reads `redis://[user][:password]@host[:port][/database]`; `rediss://` is encrypted by TLS.
 * @throws UsageError that does not repeat the password
 */
export const queueAddress = (text: string): QueueAddress => {
  const shown = withoutPassword(text)
  const refuse = (got: string): never => {
    throw new UsageError({
      where: 'queue',
      expected: 'the address of a Redis or Valkey server',
      got,
      hint: `For example: redis://localhost, or rediss://user:password@host:6380 in ${QUEUE_VARIABLE}`,
    })
  }
  if (text === '') return refuse('missing')
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return refuse(shown)
  const { protocol, hostname, port, username, password, pathname } = new URL(text)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const db = Number(pathname.slice(1))
  if (host === '' || !Number.isInteger(db)) return refuse(shown)
  return {
    shown,
    connection: {
      host,
      port: Number(port || DEFAULT_PORT),
      db,
      username: decodeURIComponent(username) || undefined,
      password: decodeURIComponent(password) || undefined,
      tls: protocol === 'rediss:' ? {} : undefined,
    },
  }
}

/** What speaks with the server. */
export interface QueuePackages {
  readonly bullmq: typeof import('bullmq')
  readonly Redis: typeof import('ioredis').Redis
}

/**
 * Loads the packages.
 * @throws MachineError where one is missing
 */
export const loadQueue = async (): Promise<QueuePackages> => {
  try {
    return { bullmq: await import('bullmq'), Redis: (await import('ioredis')).Redis }
  } catch (cause) {
    throw new MachineError(
      {
        where: 'queue',
        expected: 'the packages bullmq and ioredis',
        got: messageOf(cause),
        hint: 'Run: npm install bullmq ioredis',
      },
      { cause },
    )
  }
}

/**
 * Makes sure that the server answers.
 * @throws MachineError where it does not, or does not let us in
 */
export const checkReachable = async ({ shown, connection }: QueueAddress): Promise<void> => {
  const { Redis } = await loadQueue()
  const client = new Redis({
    ...connection,
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let said: unknown
  client.on('error', error => {
    said ??= error
  })
  try {
    await client.connect()
    await client.ping()
  } catch (cause) {
    throw new MachineError(
      {
        where: `queue ${shown}`,
        expected: 'a Redis or Valkey server that answers',
        got: messageOf(said ?? cause) || 'no connection',
        hint: 'Start one, or check host, port and password. A certificate of your own goes into NODE_EXTRA_CA_CERTS',
      },
      { cause },
    )
  } finally {
    client.disconnect()
  }
}
