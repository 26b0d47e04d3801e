/** How many files were fetched since the page was there: proof of what leaves the machine, namely nothing. */

import { signal } from '@preact/signals'

/** Requests since the page loaded, and which of them went to another host. */
export const requests = signal({ count: 0, elsewhere: 0 })

/** Counts from now on. */
export const countRequests = (): void => {
  new PerformanceObserver(list => {
    const names = list.getEntries().map(({ name }) => name)
    const { count, elsewhere } = requests.value
    requests.value = {
      count: count + names.length,
      elsewhere: elsewhere + names.filter(name => new URL(name).origin !== location.origin).length,
    }
  }).observe({ type: 'resource' })
}
