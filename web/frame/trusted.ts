/** The one place where text becomes markup or a script's address; the page's policy allows no other. */

import type { Markup } from '../../src/report/markup.ts'

interface Policy {
  createHTML(markup: string): string
  createScriptURL(url: string): string
}

const plain: Policy = { createHTML: text => text, createScriptURL: text => text }

/** Safari and Firefox before trusted types have none, and enforce none. */
const { trustedTypes } = globalThis as {
  trustedTypes?: { createPolicy(name: string, rules: Policy): Policy }
}
const policy = trustedTypes?.createPolicy('excite', plain) ?? plain

/** What `report/` has drawn: everything from outside is escaped there. */
export const trustedMarkup = ({ markup }: Markup): string => policy.createHTML(markup)

/** Starts a worker of ours, by the address that the build gave it. */
export const startWorker = (url: string): Worker =>
  new Worker(policy.createScriptURL(url), { type: 'module' })
