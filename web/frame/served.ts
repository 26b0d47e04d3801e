/** Whether `excite ui` serves the page: it opens it with a token, which every request to it needs. */

const KEY = 'excite-token'

/** Takes the token out of the address, where it would be copied with every link. */
const takeToken = (): string | undefined => {
  const [, given] = /^#k=([\w-]+)/.exec(location.hash) ?? []
  if (given !== undefined) {
    sessionStorage.setItem(KEY, given)
    history.replaceState(null, '', '#/runs')
  }
  return sessionStorage.getItem(KEY) ?? undefined
}

/** The token of the server; on a static host there is none. */
export const token = takeToken()
