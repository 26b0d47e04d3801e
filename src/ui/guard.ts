/**
 * Who may ask: only the page that this server serves, under names that it was given. A list of what is
 * allowed; all else is refused before anything is looked at.
 */

import { timingSafeEqual } from 'node:crypto'

/** What of a request decides. */
export interface Asked {
  readonly method?: string | undefined
  /** The request's target, as it was sent. */
  readonly url?: string | undefined
  readonly httpVersion: string
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
}

export interface Guard {
  /** Names with the port, in lower case: `localhost:8765`. */
  readonly hosts: readonly string[]
  readonly token: string
}

/** Targets in origin form, of visible ASCII, without what ends or escapes a path. */
const TARGET = /^\/(?!\/)[!$-.0-;=?-[\]_a-z~/]*$/i

const same = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

/**
 * Why a request is refused, as a status; undefined where it may be answered. A page on another name
 * that resolves to this machine has another Host, a page of another site another Origin, or, for what
 * browsers send without one, no token.
 */
export const refusal = (
  { method = '', url = '', httpVersion, rawHeaders }: Asked,
  { hosts, token }: Guard,
): number | undefined => {
  const all = (name: string): readonly string[] =>
    rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1].toLowerCase() === name)
  const [host, ...otherHosts] = all('host')
  const name = host?.toLowerCase()
  if (httpVersion !== '1.1' || otherHosts.length > 0 || !hosts.includes(name)) return 421
  if (!TARGET.test(url)) return 400
  const isApi = /^\/api(\/|\?|$)/.test(url)
  const isRead = method === 'GET' || method === 'HEAD'
  const origins = all('origin')
  if (origins.some(origin => origin.toLowerCase() !== `http://${name}`)) return 403
  if (origins.length > 1 || (!isRead && origins.length === 0)) return 403
  const isDocument = all('sec-fetch-dest').every(value => value === 'document')
  const sites = isApi || !isDocument ? ['same-origin'] : ['same-origin', 'none']
  if (all('sec-fetch-site').some(site => !sites.includes(site))) return 403
  if (!isApi) return isRead ? undefined : 405
  const given = all('authorization')
  return given.length === 1 && same(given[0], `Excite ${token}`) ? undefined : 401
}
