/** Light or dark: the system's, until the visitor chooses. */

import { effect, signal } from '@preact/signals'

const KEY = 'excite-theme'
type Theme = 'light' | 'dark'

const stored = localStorage.getItem(KEY)
const system = matchMedia('(prefers-color-scheme: dark)')

/** The visitor's choice, where there is one. */
const chosen = signal<Theme | undefined>(
  stored === 'light' || stored === 'dark' ? stored : undefined,
)

export const isDark = (): boolean =>
  (chosen.value ?? (system.matches ? 'dark' : 'light')) === 'dark'

export const switchTheme = (): void => {
  chosen.value = isDark() ? 'light' : 'dark'
  localStorage.setItem(KEY, chosen.value)
}

/** Keeps the document in the chosen theme. */
export const followTheme = (): void => {
  effect(() => {
    if (chosen.value === undefined) delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = chosen.value
  })
}
