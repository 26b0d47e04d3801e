/** The frame: tabs, the view, and a line of what computes and what was fetched. */

import { signal, useSignalEffect } from '@preact/signals'
import type { ComponentType } from 'preact'
import { Problem } from './components/Problem.tsx'
import { address, formatAddress } from './frame/address.ts'
import { engineInUse } from './frame/engine.ts'
import { requests } from './frame/requests.ts'
import { switchTheme } from './frame/theme.ts'
import { VIEWS, viewOf } from './views.ts'

/** The view on show, and its component once it is loaded. */
const shown = signal<{ readonly path: string; readonly Component: ComponentType } | undefined>(
  undefined,
)
const failure = signal<unknown>(undefined)

const follow = (): void => {
  const view = viewOf(address.value.path)
  if (shown.peek()?.path === view.path) return
  document.title = `${view.title} · Excite`
  view.load().then(
    ({ default: Component }) => {
      shown.value = { path: view.path, Component }
    },
    error => {
      failure.value = error
    },
  )
}

const Tabs = () => {
  const current = viewOf(address.value.path)
  return (
    <nav aria-label="Views">
      {VIEWS.map(view => (
        <a
          key={view.path}
          href={formatAddress({ path: view.path, query: {} })}
          title={view.describe}
          aria-current={view === current ? 'page' : undefined}
        >
          {view.title}
        </a>
      ))}
    </nav>
  )
}

const Footer = () => {
  const { count, elsewhere } = requests.value
  return (
    <footer>
      <span>
        computes: <b>{engineInUse}</b>
      </span>
      <span title="Files of the page itself; nothing you show it is sent anywhere">
        {count === 1 ? '1 request' : `${count} requests`} since the page loaded, {elsewhere} to
        other hosts
      </span>
    </footer>
  )
}

export const App = () => {
  useSignalEffect(follow)
  const view = shown.value
  return (
    <>
      <a class="skip" href="#main">
        to the content
      </a>
      <header>
        <a class="brand" href="#/">
          Excite
        </a>
        <Tabs />
        <button type="button" class="quiet" aria-label="light or dark" onClick={switchTheme}>
          ◐
        </button>
      </header>
      <main id="main" tabIndex={-1}>
        {failure.value !== undefined && <Problem error={failure.value} />}
        {view && <view.Component />}
      </main>
      <Footer />
    </>
  )
}
