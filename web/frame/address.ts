/** The page's address: a view and its state after `#`, so that any host serves it and a link is a figure. */

import { signal } from '@preact/signals'

export interface Address {
  /** Such as `inside`, or `runs/NAME`. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
}

/** `#/inside?net=sk-resnet8&scale=1.4` in its parts. */
export const parseAddress = (hash: string): Address => {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/)
  return { path, query: Object.fromEntries(new URLSearchParams(query)) }
}

export const formatAddress = ({ path, query }: Address): string => {
  const text = new URLSearchParams(query).toString().replaceAll('%3A', ':').replaceAll('%2F', '/')
  return `#/${path}${text === '' ? '' : `?${text}`}`
}

/** Where the page is. */
export const address = signal<Address>({ path: '', query: {} })

const read = (): void => {
  address.value = parseAddress(location.hash)
}

/** Follows the browser's address; call it once. */
export const followAddress = (): void => {
  read()
  addEventListener('hashchange', read)
  addEventListener('popstate', read)
}

/** Safari refuses more than a hundred changes in half a minute. */
const LEAST_INTERVAL = 300
let waiting: ReturnType<typeof setTimeout> | undefined

/**
 * Goes elsewhere, or says in the address what the view shows now.
 * @param keep - replaces the present entry of the history, a little later
 */
export const goTo = (to: Address, keep = false): void => {
  const hash = formatAddress(to)
  clearTimeout(waiting)
  const same = hash === location.hash
  if (!keep) {
    if (!same) history.pushState(null, '', hash)
    address.value = to
    return
  }
  waiting = setTimeout(() => {
    if (parseAddress(location.hash).path === to.path) history.replaceState(null, '', hash)
  }, LEAST_INTERVAL)
}
